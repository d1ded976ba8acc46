"""statement-tracker: an archive and alarm for what leaders and institutions say officially."""

__version__ = "0.1.0"
