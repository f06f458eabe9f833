"""Every building block renders, says its state in words, and trusts no text it is given."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django import forms
from django.template import engines
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from catalog.templatetags.states import STATES
from tests.ui.conftest import page

HOSTILE = '"><script>alert(1)</script>'
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load pimhub_ui %}" + source).render(context)


def words(html: str) -> str:
    return " ".join(strip_tags(html).split())


@pytest.mark.parametrize(
    "source",
    [
        "{% badge hostile %}",
        '{% badge "draft" hostile %}',
        "{% icon hostile hostile %}",
        "{% breadcrumbs hostile hostile hostile %}",
        "{% empty_state hostile hostile hostile hostile hostile %}",
        "{% completeness 40 names %}",
        "{% progress_bar 4 10 hostile %}",
        "{% stat hostile hostile hostile hostile hostile %}",
        "{% pager hostile hostile hostile %}",
        "{% state_bar counts hostile hostile %}",
        "{% word_diff hostile other %}",
        "{% word_diff other hostile %}",
        "{% value_display hostile %}",
        '{% value_display hostile "rich_text" %}',
        '{% value_display hostile "url" %}',
        "{% value_display names %}",
        "{% value_display amount %}",
        '{% include "components/message.html" with text=hostile level=hostile %}',
        '{% include "components/timeline_entry.html" with who=hostile title=hostile text=hostile '
        "url=hostile icon=hostile when=now changes=changes %}",
    ],
)
def test_hostile_text_stays_text(source: str) -> None:
    html = render(
        source,
        hostile=HOSTILE,
        other="plain words",
        names=[HOSTILE],
        counts={HOSTILE: 3},
        amount={"amount": HOSTILE, "unit": "kg"},
        now=NOW,
        changes=[{"label": HOSTILE, "old": HOSTILE, "new": "x"}],
    )
    assert "<script" not in html
    assert html.strip()


@pytest.mark.parametrize("state", [*STATES, "something_new"])
def test_a_badge_says_its_state_in_words_beside_icon_and_tone(state: str) -> None:
    html = render("{% badge state %}", state=state)
    assert len(words(html)) > 2
    assert 'data-tone="' in html
    assert re.search(r"icons\.svg#[a-z0-9-]+\"", html)


def test_states_have_words_of_their_own() -> None:
    labels = [look.label for look in STATES.values()]
    assert len(set(labels)) == len(labels)


def test_removed_and_added_words_are_said_and_marked() -> None:
    html = render("{% word_diff old new %}", old="a light shoe", new="a heavy shoe")
    assert re.search(r"<del>.*removed: .*light.*</del>", html)
    assert re.search(r"<ins>.*added: .*heavy.*</ins>", html)
    assert "shoe" in re.sub(r"<(ins|del)>.*?</\1>", "", html)


def test_the_difference_to_nothing_is_all_of_it() -> None:
    assert "<del" not in render("{% word_diff None new %}", new="Lamp")
    assert "<ins" not in render("{% word_diff old None %}", old="Lamp")


@pytest.mark.parametrize(
    ("value", "type", "expected"),
    [
        (None, "text", "— empty"),
        ("", "text", "— empty"),
        ([], "multi_select", "— empty"),
        (False, "boolean", "No"),
        (True, "boolean", "Yes"),
        (0, "integer", "0"),
        ("12.5", "decimal", "12.5"),
        ({"EUR": "12.90", "USD": "14.00"}, "price", "12.90 EUR, 14.00 USD"),
        ({"amount": "1.2", "unit": "kg"}, "measurement", "1.2 kg"),
        ("<p>soft <b>rug</b></p>", "rich_text", "soft rug"),
    ],
)
def test_values_are_shown_as_people_read_them(value: object, type: str, expected: str) -> None:
    html = render("{% value_display value type %}", value=value, type=type)
    assert words(html.replace("</span><span", "</span> <span")) == expected


def test_a_list_shows_each_entry_by_its_label() -> None:
    html = render("{% value_display v 'multi_select' labels %}", v=["red", "sky"], labels={"sky": "Sky blue"})
    assert re.findall("<li>(.*?)</li>", html) == ["red", "Sky blue"]


def test_a_value_from_before_its_attribute_had_this_type_is_still_shown() -> None:
    assert words(render("{% value_display v 'measurement' %}", v="heavy")) == "heavy"
    assert words(render("{% value_display v 'price' %}", v=12)) == "12"
    html = render("{% word_diff old new 'measurement' %}", old="heavy", new={"amount": "2", "unit": "kg"})
    assert "heavy" in html
    assert "kg" in html


def test_differences_in_rich_text_are_told_in_words() -> None:
    html = render("{% word_diff old new 'rich_text' %}", old="<p>soft rug</p>", new="<p>soft <b>wool</b> rug</p>")
    assert words(html) == "soft added: wool rug"


def test_only_web_addresses_become_links() -> None:
    assert "<a " in render('{% value_display "https://shop.example/x" "url" %}')
    assert "<a " not in render('{% value_display "javascript:alert(1)" "url" %}')


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(minutes=59, seconds=50), "1 h ago"),
        (timedelta(hours=23, minutes=50), "1 d ago"),
        (timedelta(days=3), "3 d ago"),
        (timedelta(days=20), "31 Oct"),
        (timedelta(days=400), "16 Oct 2025"),
        (-timedelta(minutes=5), "in 5 min"),
    ],
)
def test_how_long_ago(back: timedelta, expected: str) -> None:
    with time_machine.travel(NOW, tick=False):
        html = render("{% ago moment %}", moment=NOW - back)
    assert words(html) == expected
    assert f'datetime="{(NOW - back).isoformat()}"' in html


def test_never_is_a_dash() -> None:
    assert "—" in render("{% ago None %}")


def test_a_failure_among_thousands_is_still_drawn() -> None:
    html = render('{% state_bar counts "Listings" "?state=" %}', counts={"live": 99_999, "failed": 1, "queued": 0})
    assert html.count("<rect") == 2
    assert 'href="?state=failed"' in html
    assert 'href="?state=queued"' not in html  # nothing to see there
    assert "99,999" in words(html)


def test_progress_without_numbers_is_under_way() -> None:
    assert "value=" not in render('{% progress_bar None 10 "Reading" %}')
    assert 'value="0"' in render('{% progress_bar 0 10 "Reading" %}')
    assert "412 of 1,000" in words(render('{% progress_bar 412 1000 "Reading" %}'))


class Sample(forms.Form):
    name = forms.CharField(label=HOSTILE, help_text=HOSTILE)
    sold_out = forms.ChoiceField(choices=[("deny", HOSTILE)], widget=forms.RadioSelect, help_text="Which?")
    taxable = forms.BooleanField()
    country = forms.ChoiceField(choices=[("IT", "Italy")], required=False)


def test_a_field_ties_label_help_and_error_to_its_control() -> None:
    html = render("{% field form.name data_key='n' %}", form=Sample({}))
    control = re.search(r"<input[^>]+>", html).group()  # type: ignore[union-attr]
    assert 'aria-describedby="id_name_helptext id_name_error"' in control
    assert 'aria-invalid="true"' in control
    assert 'data-key="n"' in control
    assert "required" in control
    assert 'class="form-control"' in control
    for identifier in ("id_name_helptext", "id_name_error"):
        assert f'id="{identifier}"' in html
    assert '<label class="form-label" for="id_name">' in html
    assert "<script" not in html


def test_choices_are_a_group_with_a_legend() -> None:
    html = render("{% field form.sold_out %}", form=Sample({}))
    assert "<legend" in html
    assert 'aria-describedby="id_sold_out_helptext id_sold_out_error"' in html.split("<legend")[0]
    assert "<script" not in html


def test_boxes_and_lists_get_their_own_look() -> None:
    assert 'class="form-check-input"' in render("{% field form.taxable %}", form=Sample())
    assert 'class="form-select"' in render("{% field form.country %}", form=Sample())


def test_the_shell_shows_the_navigation_it_is_given() -> None:
    html = page("base.html", messages=[])
    assert re.search(r'href="/products/" aria-current="page"', html)
    assert "Review, 12 waiting" in words(html)
    assert "Mara &quot;M&quot; &lt;Lind&gt;" in html
    for landmark in ("<header", "<main", '<nav class="sidenav"', 'role="search"', 'class="skip-link"'):
        assert html.count(landmark) == 1
    assert html.count("<h1") == 1
    assert 'hx-headers:inherited=\'{"X-CSRFToken": "a-token"}\'' in html


def test_the_sign_in_page_offers_demo_logins_only_when_given() -> None:
    class Login(forms.Form):
        username = forms.CharField()
        password = forms.CharField(widget=forms.PasswordInput)

    logins = [{"name": "reviewer", "password": HOSTILE, "role": "Reviewer"}]
    html = page("registration/login.html", form=Login(), next=HOSTILE, demo_logins=logins)
    assert 'data-fill-username="reviewer"' in html
    assert "<script>" not in html
    assert "demonstration" not in page("registration/login.html", form=Login())


@pytest.mark.parametrize("code", [400, 403, 404, 500])
def test_error_pages_need_no_context(code: int) -> None:
    html = render_to_string(f"{code}.html")
    assert html.count("<h1") == 1
    assert 'href="/"' in html
