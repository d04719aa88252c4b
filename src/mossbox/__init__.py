"""Mossbox: an object store that speaks Alibaba Cloud OSS's wire protocol on your own machine."""

__version__ = "0.1.0"
