"""The tables: one module a group of nouns."""

from webapp.models.base import Base, now
from webapp.models.campaign import Campaign, HeadCount, Meeting, Survey, Unit
from webapp.models.people import LoginAttempt, SetupToken, SignIn, User
from webapp.models.printing import IssuedSheet, Layout, PrintFile, PrintRun
from webapp.models.scanning import Answer, Batch, Decision, Opinion, Page, Reading, Ruling, Scan

__all__ = [
    "Answer", "Base", "Batch", "Campaign", "Decision", "HeadCount", "IssuedSheet", "Layout", "LoginAttempt", "Meeting",
    "Opinion", "Page", "PrintFile", "PrintRun", "Reading", "Ruling", "Scan", "SetupToken", "SignIn", "Survey", "Unit",
    "User", "now",
]  # fmt: skip
