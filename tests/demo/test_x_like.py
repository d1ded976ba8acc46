"""The X-like API answers as api.x.com does: fields, paging, edits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tracker.demo import World, running
from tracker.demo.x import BEARER

NOW = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
FIELDS = "created_at,lang,entities,attachments,referenced_tweets,note_tweet,edit_controls,author_id"
ASKED = {"tweet.fields": FIELDS, "expansions": "attachments.media_keys,referenced_tweets.id", "max_results": "100"}


async def timeline(client: httpx.AsyncClient, ports: dict[str, str], handle: str, **more: str) -> dict[str, Any]:
    user = (await client.get(f"http://{ports['x']}/2/users/by/username/{handle}")).json()["data"]
    answer = await client.get(f"http://{ports['x']}/2/users/{user['id']}/tweets", params={**ASKED, **more})
    found: dict[str, Any] = answer.json()
    return found


async def test_x_asks_for_its_token(ports: dict[str, str]) -> None:
    async with httpx.AsyncClient(trust_env=False) as stranger:
        answer = await stranger.get("http://" + ports["x"] + "/2/users/by/username/GoitaAssimi")
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


async def test_x_gives_only_the_fields_that_were_asked_for(ports: dict[str, str], client: httpx.AsyncClient) -> None:
    page = await timeline(client, ports, "goitaassimi", **{"tweet.fields": "", "expansions": ""})
    assert set(page["data"][0]) == {"id", "text", "edit_history_tweet_ids"}
    assert "includes" not in page


async def test_x_pages_back_and_since_id_gives_only_what_is_newer(
    world: World, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    world.as_of = NOW + timedelta(hours=1)
    whole = await timeline(client, ports, "JDMahama")
    ids = [post["id"] for post in whole["data"]]
    assert ids == sorted(ids, key=int, reverse=True)
    newer = await timeline(client, ports, "JDMahama", since_id=ids[1])
    assert [post["id"] for post in newer["data"]] == ids[:1]
    assert await timeline(client, ports, "JDMahama", since_id=ids[0]) == {"meta": {"result_count": 0}}
    older = await timeline(client, ports, "JDMahama", pagination_token=ids[1])
    assert [post["id"] for post in older["data"]] == ids[2:]


async def test_x_follows_next_token_to_the_end(tmp_path: Path) -> None:
    rows = [f'[[item]]\nid = "i{n}"\nchannel = "a"\nat = "-{n}m"\ntext = "Said {n}"\n' for n in range(1, 13)]
    channel = '[[channel]]\nname = "a"\nplatform = "x"\ntitle = "A"\nhandle = "a"\n'
    (tmp_path / "own.toml").write_text("\n".join([channel, *rows]))
    async with (
        running(World(NOW, fixtures=tmp_path)) as ports,
        httpx.AsyncClient(headers={"Authorization": f"Bearer {BEARER}"}, trust_env=False) as client,
    ):
        texts, token = list[str](), dict[str, str]()
        for size in (5, 5, 2):
            page = await timeline(client, ports, "a", max_results="5", **token)
            assert page["meta"]["result_count"] == size
            texts += [post["text"] for post in page["data"]]
            token = {"pagination_token": page["meta"].get("next_token", "")}
    assert token == {"pagination_token": ""}
    assert texts == [f"Said {n}" for n in range(1, 13)]


async def test_an_edit_is_a_new_id_whose_history_holds_the_old_one(
    world: World, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    world.as_of = NOW + timedelta(minutes=3)
    before = (await timeline(client, ports, "PresidenceNiger"))["data"][0]
    world.as_of = NOW + timedelta(minutes=7)
    [after] = (await timeline(client, ports, "PresidenceNiger", since_id=before["id"]))["data"]
    assert after["edit_history_tweet_ids"] == [before["id"], after["id"]]
    assert "quarante-huit heures" in after["text"]
    assert after["edit_controls"]["editable_until"] == before["edit_controls"]["editable_until"]


async def test_a_repost_is_cut_and_the_whole_text_is_in_the_includes(
    ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    page = await timeline(client, ports, "PR_Diomaye")
    repost = next(post for post in page["data"] if post["text"].startswith("RT @EmmanuelMacron: "))
    [target] = [tweet for tweet in page["includes"]["tweets"] if tweet["id"] == repost["referenced_tweets"][0]["id"]]
    assert repost["referenced_tweets"][0]["type"] == "retweeted"
    assert repost["text"].endswith("…")
    assert "l'investissement." in target["text"]


async def test_a_long_post_has_its_text_in_note_tweet(ports: dict[str, str], client: httpx.AsyncClient) -> None:
    note = (await timeline(client, ports, "antonioguterres"))["data"][0]
    assert len(note["text"]) == 280
    assert note["note_tweet"]["text"].endswith("ready to help.")


async def test_addresses_are_shortened_and_told_in_the_entities(
    world: World, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    world.as_of = NOW + timedelta(minutes=11)
    page = await timeline(client, ports, "JDMahama")
    linked = page["data"][0]
    [url] = linked["entities"]["urls"]
    assert "corridor &amp; customs" in linked["text"]
    assert linked["text"][url["start"] : url["end"]] == url["url"]
    assert url["expanded_url"] == "https://presidency.example/communique-lome-corridor"
    pictured = next(post for post in page["data"] if "attachments" in post)
    [media] = page["includes"]["media"]
    assert pictured["attachments"]["media_keys"] == [media["media_key"]]
    assert (await client.get(media["url"])).headers["content-type"] == "image/gif"


async def test_x_knows_no_other_account(ports: dict[str, str], client: httpx.AsyncClient) -> None:
    answer = await client.get(f"http://{ports['x']}/2/users/by/username/nobody")
    assert (answer.status_code, "Could not find user" in answer.json()["errors"][0]["detail"]) == (200, True)


@pytest.mark.parametrize(("name", "value"), [("since_id", "abc"), ("max_results", "4"), ("max_results", "101")])
async def test_x_refuses_parameters_it_does_not_know(
    name: str, value: str, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    page = await timeline(client, ports, "GoitaAssimi", **{name: value})
    assert page["title"] == "Invalid Request"
