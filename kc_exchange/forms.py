"""The form that asks an operator for the terms of a grant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kc_exchange import conf
from kc_exchange.impersonation.terms import LONGEST_REASON, SHORTEST_REASON, terms
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kc_exchange.impersonation.terms import Terms

Mode = ImpersonationGrant.Mode
_MEANINGS: dict[str, Any] = {
    Mode.READ_ONLY: _("Read only: pages open, forms are refused."),
    Mode.READ_WRITE: _("Read and write: forms work, and count as the person's own."),
}


class _ModeField(forms.ChoiceField):
    """Offers some modes, and takes every mode there is.

    Who sends one that was not offered is refused by `start`, which records it.
    """

    def valid_value(self, value: Any) -> bool:
        return value in Mode.values


class ImpersonationForm(forms.Form):
    """Reason, ticket, category, minutes and mode; what is wrong stays in the form.

    The rules are those of `impersonation.terms`; once the form is valid, `terms` has
    the outcome. Whether the operator may is for `impersonation.start` to say.

    Args:
        data: the request's POST, None for an empty form.
        modes: those that the operator may have, the first is the default.
    """

    reason = forms.CharField(
        label=_("Reason"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
    )
    category = forms.ChoiceField(label=_("Category"))
    ticket = forms.CharField(
        label=_("Ticket"),
        strip=False,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    minutes = forms.IntegerField(label=_("Minutes"))
    mode = _ModeField(label=_("Mode"), widget=forms.RadioSelect)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        modes: Iterable[str] = (Mode.READ_ONLY,),
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.terms: Terms | None = None
        settings = conf.current().impersonation
        self._field("reason").help_text = _(
            "%(shortest)d to %(longest)d characters. They are kept for good, and shown "
            "to whoever may read the record: no passwords, no tokens."
        ) % {"shortest": SHORTEST_REASON, "longest": LONGEST_REASON}
        self._field("ticket").help_text = settings.ticket_help
        offered = [choice for choice in Mode.choices if choice[0] in set(modes)]
        self._field("mode").choices = offered
        self._field("mode").help_text = " ".join(
            str(_MEANINGS[value]) for value, _label in offered
        )
        self._field("mode").initial = offered[0][0] if offered else None
        minutes = self._field("minutes")
        minutes.initial = settings.default_minutes
        minutes.widget.attrs |= {"min": 1, "max": settings.max_minutes}
        minutes.help_text = _("%(most)d at the most.") % {"most": settings.max_minutes}
        if settings.categories:
            known = [(name, name) for name in settings.categories]
            self._field("category").choices = [("", "---------"), *known]
        else:
            del self.fields["category"]

    def clean_reason(self) -> str:
        """Count a line break once: browsers send two characters for it."""
        reason: str = self.cleaned_data["reason"]
        return reason.replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Check the terms as a whole, and tell of all mistakes at once."""
        said = super().clean() or self.cleaned_data
        for name in self._sent_twice():
            self.add_error(name, _("This was sent more than once."))
        try:
            agreed = terms(
                reason=said.get("reason", ""),
                ticket=said.get("ticket", ""),
                category=said.get("category", ""),
                mode=said.get("mode", Mode.READ_ONLY),
                minutes=said.get("minutes"),
            )
        except ValidationError as error:
            self._add(error)
        else:
            self.terms = None if self.errors else agreed
        return said

    def _add(self, error: ValidationError) -> None:
        """Add what `terms` says, except where a field has its own mistake."""
        for name, messages in error.message_dict.items():
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, messages)

    def _sent_twice(self) -> list[str]:
        values = getattr(self.data, "getlist", lambda _name: ())
        return [name for name in self.fields if len(values(name)) > 1]

    def _field(self, name: str) -> Any:
        return self.fields[name]
