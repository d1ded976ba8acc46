"""A label corrected on the page: by its own form alone, by who may come in, with a name to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import DeskTracker, open_desk, visit

OWN = {"sec-fetch-site": "same-origin"}
FORM = {"label": "aid", "verb": "add", "by": "Awa <b>", "note": "a grant"}


@pytest.fixture
def written(tmp_path: Path) -> DeskTracker:
    return open_desk(tmp_path)


async def test_a_label_is_given_and_taken_away_on_the_page(written: DeskTracker) -> None:
    path = f"/statements/{written.ids['treaty']}"
    async with visit(written) as client:
        page = await client.get(path)
        assert f'action="{path}/labels"' in page.text
        assert page.headers["referrer-policy"] == "same-origin"
        answer = await client.post(f"{path}/labels", data=FORM, headers=OWN)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}#labels")
        page = await client.get(path)
        assert "set by Awa &lt;b&gt;: a grant" in page.text
        assert "by person" in page.text
        gone = {"label": "agreement", "verb": "remove", "by": "Bo"}
        await client.post(f"{path}/labels", data=gone, headers=OWN)
        page = await client.get(path)
        assert "<s>Agreement</s> <bdi>removed by Bo</bdi>" in page.text
        assert (await client.get("/api/v1/statements", params={"q": "label:aid"})).json()["total"] == 1
    written.archive.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://evil.test"}, 403),
        ({"origin": "http://127.0.0.1:8000.evil.test"}, 403),
        ({"origin": "http://127.0.0.1:8000"}, 400),
        (OWN, 400),
    ],
)
async def test_a_form_from_elsewhere_changes_nothing(desk: DeskTracker, headers: dict[str, str], status: int) -> None:
    path = f"/statements/{desk.ids['treaty']}/labels"
    async with visit(desk) as client:  # no such label: even our own form writes nothing here
        assert (await client.post(path, data=FORM | {"label": "none"}, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"host": "0.0.0.0"}, 403),
        ({"public_url": "https://desk.example"}, 403),
        ({"public_url": "http://localhost:8000"}, 400),
        ({"host": "::1"}, 400),
        ({"host": "0.0.0.0", "token": "t"}, 401),
    ],
)
async def test_without_a_token_only_this_machine_may_correct(
    desk: DeskTracker, settings: dict[str, str], status: int
) -> None:
    tracker = DeskTracker(desk.archive, desk.ids, **settings)  # type: ignore[arg-type]
    path = f"/statements/{desk.ids['treaty']}"
    async with visit(tracker) as client:
        headers = OWN | {"host": "[::1]:8000"} if settings.get("host") == "::1" else OWN
        answer = await client.post(f"{path}/labels", data=FORM | {"label": "none"}, headers=headers)
        assert answer.status_code == status
        if status == 403:
            assert "Correct a label" not in (await client.get(path)).text


@pytest.mark.parametrize("more", [{"verb": "burn"}, {"label": ""}, {"note": "a" * 9000}])
async def test_a_form_that_says_nothing_clear_is_refused(desk: DeskTracker, more: dict[str, str]) -> None:
    async with visit(desk) as client:
        answer = await client.post(f"/statements/{desk.ids['treaty']}/labels", data=FORM | more, headers=OWN)
        assert answer.status_code == 400
        assert (await client.post("/statements/zzzzzz/labels", data=FORM, headers=OWN)).status_code == 404
