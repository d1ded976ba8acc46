"""The web app: pages, API and feeds behind one door."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from tracker.app import Tracker
from tracker.errors import ArchiveError, NotFound, QueryError, UsageError
from tracker.web import machines, pages, render, security
from tracker.web.render import problem


def make_app(tracker: Tracker) -> FastAPI:
    """The app over a wired tracker; a person's word about labels, and who wants no more mail, is all that it writes."""
    app = FastAPI(title="statement-tracker", version=tracker.version, docs_url=None, redoc_url=None)
    app.state.tracker = tracker
    app.state.pages = render.environment(tracker)
    for router in (pages.router, machines.router, machines.running, machines.feeds, security.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=render.HERE / "static"), name="static")
    app.middleware("http")(security.door)
    for kind in (UsageError, ArchiveError, RequestValidationError, HTTPException, 500):
        app.add_exception_handler(kind, _refused)
    app.openapi()["components"]["schemas"] |= machines.SHAPES["schemas"]
    return app


async def _refused(request: Request, error: Exception) -> Response:
    """An error as its reader can act on it. A fault's traceback goes to the log alone, its answer past the door."""
    match error:
        case ArchiveError():
            status, said = 503, f"{error}. What was kept is safe; try again in a moment."
        case RequestValidationError():
            status, said = 400, "; ".join(f"{wrong['loc'][-1]}: {wrong['msg']}" for wrong in error.errors())
        case HTTPException():
            status, said = error.status_code, "There is nothing here." if error.status_code == 404 else error.detail
        case UsageError():
            status, said = 404 if isinstance(error, NotFound) else 400, str(error)
        case _:
            status, said = 500, "This page could not be made. The log says why."
    where = {"column": error.column} if isinstance(error, QueryError) else {}
    answer = problem(request, status, said, **where)
    answer.headers.update(security.HEADERS | ({"retry-after": "15"} if status == 503 else {}))
    return answer
