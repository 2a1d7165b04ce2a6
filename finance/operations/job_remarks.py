"""What a job asks a person to look at, before it becomes an alert of the job. A value; knows no job."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRemark:
    """Something a reader saw and does not know: a stable code, its subject, a sentence."""

    code: str
    subject: str
    message: str
