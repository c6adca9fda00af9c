"""The button in the list of users and on their pages, and who acted as them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from kc_exchange.admin import ImpersonateMixin
from kc_exchange.admin.user_admin import extend_user_admin
from kc_exchange.impersonation import check
from kc_exchange.impersonation.errors import ImpersonationRefused
from tests.admin.office import allow, person, staff, urlpatterns

if TYPE_CHECKING:
    from pathlib import Path

    from tests.admin.office import Office

pytestmark = pytest.mark.django_db

LIST = "/admin/auth/user/"


def page_of(office: Office, target: Any = None, client: Client | None = None) -> str:
    address = f"{LIST}{(target or office.target).pk}/change/"
    return (client or office.client).get(address).content.decode()


def clients() -> dict[str, Client]:
    """Return browsers of staff with more and less rights."""
    found = {}
    for name, flags, codenames in [
        ("root", {"is_superuser": True}, ()),
        ("rita", {}, ("impersonate", "view_user")),
        ("rosa", {}, ("impersonate", "view_user", "add_group", "delete_user")),
        ("rolf", {}, ("view_user", "change_user")),
        ("ruth", {}, ("impersonate_read_write", "view_user")),
    ]:
        made = allow(person(name, is_staff=True, **flags), *codenames)
        found[name] = Client()
        found[name].force_login(made)
    return found


def targets() -> list[User]:
    """Return people with more and less rights, by flags, alone and in groups."""
    group = Group.objects.create(name="clerks")
    group.permissions.add(Permission.objects.get(codename="add_group"))
    grouped = person("gina")
    grouped.groups.add(group)
    return [
        person("anna"),
        person("adam", is_active=False),
        person("abby", is_staff=True),
        person("aron", is_superuser=True),
        allow(person("dave"), "delete_user"),
        grouped,
        *User.objects.filter(username__in=["olga", "alice", "root", "rita"]),
    ]


def test_button__is_there_for_whom_it_is_allowed(office: Office) -> None:
    """In the list and on the page, for each operator and target as `check` says."""
    people = targets()
    for name, client in clients().items():
        operator = User.objects.get(username=name)
        listed = client.get(LIST).content.decode()
        for target in people:
            try:
                check(operator=operator, target=target, mode="read-only")
                allowed = True
            except ImpersonationRefused:
                allowed = False
            link = f'href="{LIST}{target.pk}/impersonate/"'
            assert (link in listed) is allowed, (name, target.username)
            page = page_of(office, target, client)
            assert (link in page) is allowed, (name, target.username)
            assert (client.get(office.form_of(target)).status_code == 200) is allowed


def test_button__has_a_name_for_each_person(office: Office) -> None:
    """A screen reader's list of links says whom each is about."""
    link = 'aria-label="Act as alice">Act as</a>'
    assert link in office.client.get(LIST).content.decode()


def test_column__is_the_second(office: Office) -> None:
    """A list that is wider than its place hides the columns at its end."""
    listed = office.client.get(LIST).content.decode()

    assert listed.index("column-username") < listed.index("column-impersonate")
    assert listed.index("column-impersonate") < listed.index("column-email")


def test_column__is_not_there_without_permission(office: Office) -> None:
    office.client.force_login(staff("rita", "view_user"))

    assert "column-impersonate" not in office.client.get(LIST).content.decode()


def test_column__is_not_in_popups(office: Office) -> None:
    assert "column-impersonate" in office.client.get(LIST).content.decode()

    popup = office.client.get(f"{LIST}?_popup=1").content.decode()

    assert "column-impersonate" not in popup


@pytest.mark.parametrize(("superuser", "each"), [(False, 2), (True, 0)])
def test_list__asks_twice_a_row_at_the_most(
    office: Office, superuser: bool, each: int
) -> None:
    """The permissions of a user take two queries; a superuser's list takes none."""
    User.objects.filter(pk=office.operator.pk).update(is_superuser=superuser)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            office.client.get(LIST)
        return len(found)

    few = queries()
    for number in range(20):
        person(f"u{number}")

    assert queries() <= few + 20 * each


def test_pages__show_the_banner(office: Office) -> None:
    """Under a grant, in the list, on the page, and in the lists of the record."""
    office.operator = allow(
        office.operator, "view_impersonationgrant", "view_auditevent"
    )
    grant = office.start()

    for address in (
        LIST,
        f"{LIST}{office.target.pk}/change/",
        "/admin/kc_exchange/impersonationgrant/",
        f"/admin/kc_exchange/impersonationgrant/{grant.pk}/change/",
        "/admin/kc_exchange/auditevent/",
    ):
        page = office.client.get(address).content.decode()
        assert "data-kc-impersonation" in page, address
        assert "On this page you are yourself." in page, address


def test_page__lists_who_acted_as_the_person(office: Office) -> None:
    """Only to those who may see grants, and without the reasons of others' pages."""
    office.press_start(reason="because <b>he</b> asked \u202etxt")
    office.client.post("/impersonation/end/")
    before = page_of(office)
    office.operator = allow(office.operator, "view_impersonationgrant")

    page = page_of(office)

    assert "Who acted as this person" not in before
    assert "because" not in before
    assert "Who acted as this person" in page
    assert "because &lt;b&gt;he&lt;/b&gt; asked" in page
    assert "\u202e" not in page
    assert "stopped by the operator" in page
    assert "because" not in page_of(office, office.operator)


def test_page__lists_the_newest(office: Office) -> None:
    office.operator = allow(office.operator, "view_impersonationgrant")
    for number in range(11):
        office.press_start(reason=f"a reason, number {number:02}")
        office.client.post("/impersonation/end/")

    page = page_of(office)

    assert "number 10" in page
    assert "number 00" not in page
    more = f'href="/admin/kc_exchange/impersonationgrant/?target_id={office.target.pk}"'
    assert more in page
    listed = office.client.get(more.split('"')[1]).content.decode()
    assert "number 00" in listed


def test_sites__lead_to_their_own_pages(office: Office) -> None:
    """Of two admin sites, each has its own start page and its own lists."""
    office.operator = allow(office.operator, "view_impersonationgrant")
    office.start()

    page = office.client.get(f"/back/auth/user/{office.target.pk}/change/")

    assert f'"/back/auth/user/{office.target.pk}/impersonate/"' in page.content.decode()
    assert "/back/kc_exchange/impersonationgrant/" in page.content.decode()
    assert '"/admin/' not in page.content.decode()


def test_site__without_the_record(office: Office) -> None:
    """A site with users alone has the button, and no dead links."""
    site = AdminSite(name="admin")
    site.register(User, UserAdmin)
    assert extend_user_admin(site)
    office.settings.ROOT_URLCONF = (
        path("admin/", site.urls),
        *[p for p in urlpatterns if str(p.pattern) != "admin/"],
    )
    office.operator = allow(office.operator, "view_impersonationgrant")
    office.start()

    page = page_of(office)

    assert f'href="{LIST}{office.target.pk}/impersonate/"' in page
    assert "Who acted as this person" in page
    assert "impersonationgrant" not in page


def test_extend_user_admin__keeps_what_there_is() -> None:
    """Whatever is registered gets the mixin, once; where nothing is, nothing does."""

    class Mine(UserAdmin):
        """A project's own."""

        list_display = ("email",)

    site = AdminSite()
    assert not extend_user_admin(site)
    site.register(User, Mine)
    assert extend_user_admin(site)
    first = site.get_model_admin(User)
    assert extend_user_admin(site)
    assert site.get_model_admin(User) is first
    assert isinstance(first, Mine)
    assert isinstance(first, ImpersonateMixin)
    assert (type(first).__name__, type(first).__doc__) == ("Mine", "A project's own.")
    assert first.list_display == ("email",)


def test_templates__of_the_project_are_kept(
    office: Office, settings: Any, tmp_path: Path
) -> None:
    """The pages extend the project's own templates for users, if it has any."""
    folder = tmp_path / "admin/auth/user"
    folder.mkdir(parents=True)
    for name in ("change_form", "change_list"):
        (folder / f"{name}.html").write_text(
            f'{{% extends "admin/{name}.html" %}}'
            "{% block content_title %}<h1>Our own title</h1>{% endblock %}"
        )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, "templates"]}]

    for page in (page_of(office), office.client.get(LIST).content.decode()):
        assert "Our own title" in page
        assert f"{LIST}{office.target.pk}/impersonate/" in page
