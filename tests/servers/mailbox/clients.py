"""How mail programs answer and forward: real-shaped, each with its own way to quote."""

import base64
import email.utils
import html
import pathlib
import quopri
import re
from email import policy
from email.header import Header
from email.parser import BytesParser


def read(raw):
    """A delivered letter: its message, and its plain text."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    body = message.get_body(("plain",))
    return message, body.get_content() if body else ""


def html_of(message):
    body = message.get_body(("html",))
    return body.get_content() if body else ""


def _head(letter, sender, subject, date, references=True, more=()):
    lines = [
        f"From: {sender}",
        f"To: {letter['Reply-To'] or letter['From']}",
        f"Subject: {Header(subject, 'utf-8', maxlinelen=70).encode()}",
        f"Date: {email.utils.format_datetime(date)}",
        f"Message-ID: {email.utils.make_msgid(domain=sender.split('@')[1].rstrip('>'))}",
        "MIME-Version: 1.0",
    ]
    if references:
        lines += [f"In-Reply-To: {letter['Message-ID']}", f"References: {letter['Message-ID']}"]
    return "\r\n".join(lines + list(more)) + "\r\n"


def _part(kind, text, charset, transfer="base64", label=None):
    raw = text.encode(charset)
    body = base64.encodebytes(raw) if transfer == "base64" else quopri.encodestring(raw)
    head = f'Content-Type: text/{kind}; charset="{label or charset}"\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n'
    return head.encode() + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _alternative(head, text, page, charset):
    mark = "----=_NextPart_5D6E_12AB"
    parts = b"".join(b"--" + mark.encode() + b"\r\n" + part for part in (_part("plain", text, charset), _part("html", page, charset)))
    start = f'Content-Type: multipart/alternative; boundary="{mark}"\r\n\r\n'
    return head.encode() + start.encode() + parts + f"--{mark}--\r\n".encode()


def _block(letter, colon="："):
    return [
        f"发件人{colon} {letter['From']}", f"发送时间{colon} {letter['Date']}",
        f"收件人{colon} {letter['To']}", f"主题{colon} {letter['Subject']}",
    ]


def outlook(letter, sender, words, date):
    text = letter[1]
    quoted = "\r\n".join(_block(letter[0], ":")) + "\r\n\r\n" + text
    plain = f"{words}\r\n\r\n{quoted}"
    page = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0cm}</style></head><body lang="ZH-CN">'
        f'<div class="WordSection1"><p class="MsoNormal">{html.escape(words)}<o:p></o:p></p>'
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
        + "<br>".join(f"<b>{html.escape(line)}</b>" for line in _block(letter[0], ":")) + f"</p></div>{html_of(letter[0])}</div></body></html>"
    )
    head = _head(letter[0], sender, f"答复: {letter[0]['Subject']}", date, more=("X-Mailer: Microsoft Outlook 16.0", "Thread-Index: Adx1y2z3"))
    return _alternative(head, plain, page, "utf-8")



def foxmail(letter, sender, words, date):
    message, text = letter
    plain = f"{words}\r\n\r\n\r\n\r\n{sender}\r\n \r\n" + "\r\n".join(_block(message)) + f"\r\n{text}"
    page = (
        f"<html><body><div>{html.escape(words)}</div><div><br></div><hr style='width: 210px; height: 1px;' color='#b5c4df' size='1' align='left'>"
        f"<div><span>{html.escape(sender)}</span></div><blockquote style='margin-top: 0px'><div>&nbsp;</div>"
        + "".join(f"<div><b>{html.escape(line)}</b></div>" for line in _block(message)) + f"{html_of(message)}</blockquote></body></html>"
    )
    head = _head(message, sender, f"回复: {message['Subject']}", date, more=("X-Mailer: Foxmail 7.2.25.213[cn]",))
    return _alternative(head, plain, page, "gb18030")


def qq(letter, sender, words, date):
    """HTML alone."""
    message, _ = letter
    page = (
        f"<div>{html.escape(words)}</div><div><br></div><div style=\"font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;\">"
        "------------------&nbsp;原始邮件&nbsp;------------------</div><div style=\"font-size: 12px;background:#efefef;padding:8px;\">"
        + "".join(f"<div><b>{html.escape(line)}</b></div>" for line in _block(message, ":")) + f"</div><div>{html_of(message)}</div>"
    )
    head = _head(message, sender, f"回复：{message['Subject']}", date, more=("X-QQ-MIME: TCMime 1.0 by Tencent", "X-Mailer: QQMail 2.x"))
    return head.encode() + _part("html", page, "gb18030")


def iphone(letter, sender, words, date):
    message, text = letter
    quoted = "\r\n".join(f"> {line}" for line in text.splitlines())
    plain = f"{words}\r\n\r\n发自我的iPhone\r\n\r\n> 在 {date:%Y年%-m月%-d日}，08:30，{message['From']} 写道：\r\n> \r\n> \ufeff{quoted[2:]}"
    head = _head(message, sender, f"回复：{message['Subject']}", date, more=("X-Mailer: iPhone Mail (21F90)",))
    return head.encode() + _part("plain", plain, "utf-8", "quoted-printable")


def coremail(letter, sender, words, date):
    message, text = letter
    quoted = "\r\n".join(f">{line}" for line in text.splitlines())
    plain = f"{words}\r\n\r\n\r\n\r\n在 {date:%Y-%m-%d %H:%M:%S}，\"政务公开提醒\" <duban@ju.example.cn> 写道：\r\n\r\n{quoted}"
    head = _head(message, sender, f"Re:{message['Subject']}", date, more=("X-Mailer: Coremail Webmail Server Version XT5.0",))
    return head.encode() + _part("plain", plain, "gb18030", label="gbk")


def forwarded_and_answered(letter, sender, words, date):
    """The section's mailbox forwards to its clerk, whose program keeps no reference to us."""
    message, text = letter
    plain = f"{words}\r\n\r\n-------- 转发邮件信息 --------\r\n" + "\r\n".join(_block(message)) + f"\r\n\r\n{text}"
    head = _head(message, sender, f"Re: Fw: {message['Subject']}", date, references=False)
    return head.encode() + _part("plain", plain, "utf-8")


def away(letter, sender, date, how):
    message, _ = letter
    more = ("Auto-Submitted: auto-replied",) if how else ("X-Autoreply: yes", "Precedence: bulk")
    head = _head(message, sender, f"自动回复: {message['Subject']}", date, more=more)
    # Words that would be a report if a person wrote them.
    return head.encode() + _part("plain", "已办结。您好，我正在休假，邮件已收到。", "utf-8")


def mislabelled(letter, sender, words, date):
    """GBK, said to be UTF-8."""
    message, text = letter
    head = _head(message, sender, f"Re: {message['Subject']}", date)
    return head.encode() + _part("plain", f"{words}\r\n\r\n-----原始邮件-----\r\n{text}", "gb18030", label="utf-8")


def narrower(letter, sender, words, date):
    """GB 18030 with characters that GB 2312 does not have, said to be GB 2312."""
    message, text = letter
    head = _head(message, sender, f"Re: {message['Subject']}", date)
    return head.encode() + _part("plain", f"{words} 经办：㛃镕\r\n\r\n-----原始邮件-----\r\n{text}", "gb18030", label="gb2312")


KINDS = pathlib.Path(__file__).resolve().parents[2] / "data/incoming"


def samples():
    """Of tests/data/incoming/kinds: the name of each message that answers a letter of one item, and what comes of it on
    any day of the year."""
    kinds = ("reply", "clerks' words", "quotation head", "unseen words", "still to come", "automatic", "absence note")
    found = []
    for line in (KINDS / "kinds.tsv").read_text().splitlines():
        name, kind, _, outcome, words = line.split("\t") if not line.startswith("#") else [""] * 5
        raw = (KINDS / f"kinds/{name}.eml").read_bytes() if kind in kinds else b"Return-Path:"
        # A later day waits for its answer, a bare day means another month later, and Postfix writes the Return-Path.
        if not re.match(r"\d{4}-", words) and name != "to-come-bare-day" and b"Return-Path:" not in raw:
            found.append((name, outcome))
    return found


def sample(name, letter, sender, date):
    """This message as an answer to the letter."""
    message, text = letter
    raw = (KINDS / f"kinds/{name}.eml").read_bytes().replace(b"\r\n", b"\n")
    lines = text.splitlines()
    for there, here in {
        "duban.bda829a2195d.2.d1df74a520fd2025@example.test": message["Message-ID"].strip("<> \r\n"),
        "duban@example.test": "duban@ju.example.cn", "bgs@example.test": sender, "{{letter}}": text,
        "{{>letter}}": "".join(f"> {line}\n" for line in lines), "{{html}}": "".join(f"<div>{html.escape(line)}</div>\n" for line in lines),
        "{{subject}}": str(message["Subject"]), "{{attachment}}": ("QUFB" * 18 + "\n") * 8000,
    }.items():
        raw = raw.replace(there.encode(), here.encode())
    raw = re.sub(rb"\{\{base64\n(.*?)\}\}", lambda found: base64.encodebytes(found[1]), raw, flags=re.S)
    # Each is written more than once.
    name = email.utils.make_msgid(domain=sender.split("@")[1])
    raw = re.sub(rb"(?im)^message-id:.*$", f"Message-ID: {name}".encode(), raw, count=1)
    return raw.replace(b"\n", b"\r\n")


def broken(letter, sender, words, date):
    """Boundaries that never come again, a part that ends in the middle of a letter."""
    message, _ = letter
    head = _head(message, sender, f"Re: {message['Subject']}", date)
    body = _part("plain", words, "utf-8").rstrip(b"=\r\n")
    return head.encode() + b'Content-Type: multipart/mixed; boundary="lost"\r\n\r\n--lost\r\n' + body + b'\r\n--other\r\nContent-Type: appl'


def huge(letter, sender, words, date, megabytes):
    message, _ = letter
    head = _head(message, sender, f"Re: {message['Subject']}", date)
    name = "utf-8''" + "%E5%8A%9E%E7%BB%93%E6%9D%90%E6%96%99.zip"
    attachment = (
        b"--huge\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename*=" + name.encode() + b"\r\n\r\n"
        + (b"QUJD" * 19 + b"\r\n") * (megabytes * 1024 * 1024 // 78) + b"--huge--\r\n"
    )
    start = b'Content-Type: multipart/mixed; boundary="huge"\r\n\r\n--huge\r\n'
    return head.encode() + start + _part("plain", words, "utf-8") + attachment
