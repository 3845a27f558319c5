"""Quotes, orders and labels for a small parcel service."""
