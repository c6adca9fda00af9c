"""What a customer changes about themself, and nobody in their name."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render

from kc_exchange.impersonation import forbid_while_impersonating

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse


class EmailForm(forms.Form):
    """The address that invoices are sent to."""

    email = forms.EmailField(max_length=254)


@login_required
@forbid_while_impersonating
def account(request: HttpRequest) -> HttpResponse:
    """Show the user's address, and take another; never for whoever acts as them."""
    user = cast("User", request.user)
    form = EmailForm(request.POST or None, initial={"email": user.email})
    if form.is_valid():
        user.email = form.cleaned_data["email"]
        user.save(update_fields=["email"])
        messages.success(request, "Your e-mail address is saved.")
        return redirect("account")
    return render(request, "exampleproject/account.html", {"form": form})
