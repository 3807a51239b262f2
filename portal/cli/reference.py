"""The reference page of the command line in both languages, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from portal.cli.application import root
from portal.cli.words import speak

_INTRO = {
    "en": """\
# Command line

`codex-portal` does the whole job from a terminal or a script: it asks a portal over its REST API.

| variable | meaning |
|---|---|
| `CODEX_PORTAL_URL` | the portal to ask, if not `http://127.0.0.1:3000` |
| `CODEX_PORTAL_TOKEN` | the token; made with `codex-portal token create` |
| `CODEX_PORTAL_TOKEN_FILE` | a file that holds the token instead |
| `CODEX_PORTAL_LANG` | `zh` or `en`; else the language of the shell |

`serve`, `worker`, `gate`, `migrate`, `doctor`, `user`, `token`, `settings` and `audit verify` work on this machine,
with the settings of its environment, as the user of the operating system.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed: the rollout that was watched went back, the audit trail is broken, or anything unexpected |
| 2 | wrong usage or input |
| 3 | refused: you may not, or it makes no sense now |
| 4 | not found |
| 5 | conflict: it exists already, or somebody else changed it meanwhile |
| 6 | unavailable: nobody answers |
| 130 | interrupted |

With `--json` the answer is JSON on standard output, and a failure JSON on standard error. A job from start to end:

```sh
codex-portal release create shop 1.1.0 registry.example/shop:1.1.0
codex-portal rollout preview shop prod 1.1.0
codex-portal rollout start shop prod 1.1.0 --reason "faster search" --watch
codex-portal rollout approve 7 --reason "errors and times are the same"
codex-portal rollback shop prod --reason "customers report wrong prices"
```
""",
    "zh": """\
# 命令行

`codex-portal` 可在终端或脚本中完成全部工作：它通过 REST 接口访问门户。

| 变量 | 含义 |
|---|---|
| `CODEX_PORTAL_URL` | 要访问的门户，缺省为 `http://127.0.0.1:3000` |
| `CODEX_PORTAL_TOKEN` | 令牌；用 `codex-portal token create` 创建 |
| `CODEX_PORTAL_TOKEN_FILE` | 改为从文件读取令牌 |
| `CODEX_PORTAL_LANG` | `zh` 或 `en`；缺省为终端语言 |

`serve`、`worker`、`gate`、`migrate`、`doctor`、`user`、`token`、`settings` 与 `audit verify` 以操作系统用户的身份、
按环境变量中的设置直接操作本机门户。

| 退出码 | 含义 |
|---|---|
| 0 | 完成 |
| 1 | 失败：所跟踪的上线过程已回退、审计链被破坏，或其他意外 |
| 2 | 用法或输入有误 |
| 3 | 被拒绝：无权限，或现在不可行 |
| 4 | 未找到 |
| 5 | 冲突：已存在，或期间被他人修改 |
| 6 | 不可用：没有应答 |
| 130 | 被中断 |

使用 `--json` 时，结果以 JSON 写到标准输出，失败以 JSON 写到标准错误。一次完整的过程：

```sh
codex-portal release create shop 1.1.0 registry.example/shop:1.1.0
codex-portal rollout preview shop prod 1.1.0
codex-portal rollout start shop prod 1.1.0 --reason "搜索更快" --watch
codex-portal rollout approve 7 --reason "错误率与响应时间一致"
codex-portal rollback shop prod --reason "客户反馈价格错误"
```
""",
}
_HEADS = {"en": ("option", "meaning"), "zh": ("选项", "含义")}


def page(locale: str) -> str:
    """The whole page in `zh` or `en`. The process speaks that language afterwards."""
    speak(locale)
    top = root()
    context = click.Context(top, info_name="codex-portal", **top.context_settings)
    return "\n".join([_INTRO[locale], *_commands(top, context, locale=locale)])


def _commands(group: click.Group, context: click.Context, *, locale: str) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield f"## {name}\n\n{command.get_short_help_str()}\n"
            yield from _commands(command, inner, locale=locale)
        else:
            yield from _command(command, inner, locale=locale)


def _command(command: click.Command, context: click.Context, *, locale: str) -> Iterator[str]:
    yield f"{'##' if context.parent and context.parent.parent is None else '###'} {context.command_path}\n"
    yield f"{command.get_short_help_str()}\n"
    yield f"```\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```\n"
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    rows = [(f"`{names}`", words) for names, words in filter(None, records) if words]
    yield _row(_HEADS[locale])
    yield "|---|---|"
    yield from map(_row, rows)
    yield ""


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
