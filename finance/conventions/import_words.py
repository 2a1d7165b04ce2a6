"""What the person who brought a file is told of it: that it was read, that it was imported, that it could not be.

Pure: values in, a draft out. Knows no table and judges nothing.
"""

from __future__ import annotations

from uuid import UUID

from finance.conventions.notice_words import shown
from finance.conventions.notices import LONGEST_REF, Figure, NoticeDraft, NoticeKind, Severity, Subject, Words

_LONGEST_NAME = 150


def import_read(
    organisation_id: UUID, *, import_id: UUID, step: int, file_name: str, rows: int, problems: int, user_id: UUID
) -> NoticeDraft:
    """Return the alert that a file was read beside the request and can be looked at: its rows, and how many are wrong."""
    name = shown(file_name, _LONGEST_NAME)
    return _draft(
        organisation_id,
        import_id,
        step,
        is_bad=problems > 0,
        title=Words(en=f"File read: {name}", zh=f"文件已读取：{name}"),
        text=Words(
            en=f"{name}: {rows} rows read, {problems} problems. Look at what it would do, then confirm it.",
            zh=f"{name}：已读取{rows}行，{problems}处问题。请查看其影响后确认。",
        ),
        figures=(_count("rows read", "读取行数", rows), _count("problems", "问题数", problems)),
        user_id=user_id,
    )


def import_done(
    organisation_id: UUID, *, import_id: UUID, step: int, file_name: str, rows: int, user_id: UUID
) -> NoticeDraft:
    """Return the alert that everything of a file was imported, exactly as its preview showed."""
    name = shown(file_name, _LONGEST_NAME)
    return _draft(
        organisation_id,
        import_id,
        step,
        is_bad=False,
        title=Words(en=f"Import finished: {name}", zh=f"导入完成：{name}"),
        text=Words(
            en=f"{name}: {rows} rows imported, as its preview showed.",
            zh=f"{name}：已按预览导入{rows}行。",
        ),
        figures=(_count("rows imported", "导入行数", rows),),
        user_id=user_id,
    )


def import_failed(
    organisation_id: UUID, *, import_id: UUID, step: int, file_name: str, message: str, user_id: UUID
) -> NoticeDraft:
    """Return the alert that work on a file ended without effect, and why."""
    name = shown(file_name, _LONGEST_NAME)
    return _draft(
        organisation_id,
        import_id,
        step,
        is_bad=True,
        title=Words(en=f"Nothing imported: {name}", zh=f"未导入：{name}"),
        text=Words(
            en=shown(f"{name}: nothing was imported. {message}"),
            zh=shown(f"{name}：未导入任何内容。{message}"),
        ),
        figures=(),
        user_id=user_id,
    )


def _draft(
    organisation_id: UUID,
    import_id: UUID,
    step: int,
    *,
    is_bad: bool,
    title: Words,
    text: Words,
    figures: tuple[Figure, ...],
    user_id: UUID,
) -> NoticeDraft:
    return NoticeDraft(
        organisation_id=organisation_id,
        kind=NoticeKind.IMPORT_FINISHED,
        severity=Severity.WARNING if is_bad else Severity.INFO,
        subject=Subject(kind="import", ref=str(import_id)),
        condition=shown(f"{import_id} {step}", LONGEST_REF),
        title=title,
        text=text,
        path=f"/imports/{import_id}",
        figures=figures,
        only_user_id=user_id,
    )


def _count(label_en: str, label_zh: str, value: int) -> Figure:
    return Figure(label_en=label_en, label_zh=label_zh, value=str(value), unit="1")
