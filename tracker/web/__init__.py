"""The roof's web side: server-rendered pages, the JSON API, feeds, health and metrics, over any wired tracker."""

from tracker.web.app import make_app as make_app
