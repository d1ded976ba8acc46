"""The API, health and metrics."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from desk import Away, DeskTracker, visit

from tracker.models import shape


async def test_search_answers_as_the_command_line_does(client: httpx.AsyncClient, desk: DeskTracker) -> None:
    found = (await client.get("/api/v1/statements", params={"q": "label:security_statement", "limit": 2})).json()
    assert list(found) == ["query", "total", "statements", "next"]
    assert (found["query"], found["total"], len(found["statements"])) == ("label:security_statement", 3, 2)
    assert found["statements"][1] == shape.statement(desk.archive.statement(desk.ids["treaty"]))
    rest = (await client.get("/api/v1/statements", params={"q": found["query"], "cursor": found["next"]})).json()
    assert [one["id"] for one in rest["statements"]] == [desk.ids["arabic"]]
    assert rest["next"] is None


async def test_one_statement_by_its_id_or_a_prefix(client: httpx.AsyncClient, desk: DeskTracker) -> None:
    whole = (await client.get(f"/api/v1/statements/{desk.ids['trip']}")).json()
    assert whole["published_at"] is None
    assert whole["published_inferred"].startswith("first seen")
    assert (await client.get(f"/api/v1/statements/{desk.ids['trip'][:7]}")).json() == whole


@pytest.mark.parametrize(
    ("path", "status", "more"),
    [
        ("/api/v1/statements?q=label:nope", 400, {"column": 7}),
        ("/api/v1/statements?q=(mali", 400, {"column": 1}),
        ("/api/v1/statements?limit=201", 400, {}),
        ("/api/v1/statements?limit=0", 400, {}),
        ("/api/v1/statements?limit=many", 400, {}),
        ("/api/v1/statements?cursor=zz", 400, {}),
        ("/api/v1/statements?q=" + "a" * 1001, 400, {}),
        ("/api/v1/statements/zzzzzzzz", 404, {}),
        ("/api/v1/nothing", 404, {}),
        ("/api/v1/events?after=soon", 400, {}),
        ("/api/v1/events?host=" + "a" * 101, 400, {}),
        (
            "/api/v1/events?host=Rwandan",
            400,
            {"detail": 'there is no leader or country "Rwandan" (did you mean Rwanda?)'},
        ),
        ("/feed.atom?q=label:nope", 400, {"column": 7}),
    ],
)
async def test_a_wrong_call_is_a_problem_in_json(
    client: httpx.AsyncClient, path: str, status: int, more: dict[str, Any]
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["detail"]
    assert {key: body[key] for key in more} == more


async def test_an_unclosed_query_and_an_absent_archive_never_look_like_an_empty_answer() -> None:
    async with visit(DeskTracker(Away())) as client:
        answer = await client.get("/api/v1/statements")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "15")
    assert "statements" not in answer.json()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed_from_outside(client: httpx.AsyncClient, method: str) -> None:
    for path in ("/", "/api/v1/statements", "/sources"):
        assert (await client.request(method, path)).status_code == 405


async def test_sources_and_events_for_machines(client: httpx.AsyncClient) -> None:
    sources = {one["name"]: one for one in (await client.get("/api/v1/sources")).json()}
    assert (sources["burkina-sig"]["state"], sources["burkina-sig"]["failures"]) == ("failing", 4)
    assert sources["traore-x"]["state"] == "paused"
    events = (await client.get("/api/v1/events")).json()
    assert [(one["place"], one["status"]) for one in events] == [("Abuja", "announced"), ("Niamey", "past")]


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ("host=Nigeria", ["Abuja"]),
        ("host=nga", ["Abuja"]),
        ("visitor=Traore", ["Niamey"]),
        ("visitor=senegal&host=", ["Abuja"]),
        ("visitor=goita&host=BFA", []),
    ],
)
async def test_a_side_of_a_visit_goes_by_any_spelling(client: httpx.AsyncClient, asked: str, places: list[str]) -> None:
    events = (await client.get(f"/api/v1/events?{asked}")).json()
    assert [one["place"] for one in events] == places
    assert f"{len(places)}</strong> visit" in (await client.get(f"/visits?{asked}")).text


async def test_openapi_describes_every_answer_as_it_is(client: httpx.AsyncClient, desk: DeskTracker) -> None:
    described = (await client.get("/openapi.json")).json()
    schemas = described["components"]["schemas"]
    for path, name in (("/statements", "Search"), ("/statements/{statement_id}", "Statement")):
        answer = described["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]
        assert answer["content"]["application/json"]["schema"]["$ref"].endswith(f"/{name}")
    examples = [shape.statement(one) for one in desk.archive.statements(list(desk.ids.values()))]
    for name, found in [
        ("Statement", examples),
        ("Search", [(await client.get("/api/v1/statements")).json()]),
        ("Label", [label for one in examples for label in one["labels"]]),
        ("Event", [event for one in examples for event in one["events"]]),
        ("Words", [words for one in examples for label in one["labels"] for words in label["evidence"]]),
        ("Party", [side for one in examples for event in one["events"] for side in event["visitor"]]),
        ("SourceState", (await client.get("/api/v1/sources")).json()),
        ("Problem", [(await client.get("/api/v1/statements?q=(")).json()]),
    ]:
        known, needed = set(schemas[name]["properties"]), set(schemas[name]["required"])
        assert found
        assert all(needed <= set(one) <= known for one in found), name


@pytest.mark.parametrize(("problems", "status"), [((), 200), (("3 sources wait to be polled",), 503)])
async def test_health_says_whether_the_tracker_does_its_job(
    desk: DeskTracker, problems: tuple[str, ...], status: int
) -> None:
    async with visit(DeskTracker(desk.archive, problems=problems)) as client:
        answer = await client.get("/health")
    assert answer.status_code == status
    assert answer.json() == {"ok": not problems, "problems": list(problems), "late": 0}


async def test_an_archive_that_is_away_is_not_healthy() -> None:
    async with visit(DeskTracker(Away())) as client:
        answer = await client.get("/health")
    assert (answer.status_code, answer.json()["ok"]) == (503, False)


async def test_metrics_are_read_from_the_archive_at_each_scrape(client: httpx.AsyncClient) -> None:
    lines = (await client.get("/metrics")).text.splitlines()
    for line in (
        'tracker_archive_rows{what="statements"} 6.0',
        'tracker_outbox_deliveries{state="dead"} 1.0',
        'tracker_source_health{source="burkina-sig",state="failing"} 1.0',
        'tracker_source_failures{source="burkina-sig"} 4.0',
    ):
        assert line in lines
