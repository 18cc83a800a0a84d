"""The files of a clearing statement: the paper and the spreadsheet, made once.

What was sent stays what was sent: while the statement says the same, the same two files
go out again; when it says something else (a line is disputed, say), new ones are made
beside them.
"""

import hashlib

from odoo import models

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..clearing_workbook import ROWS_MAX, Column, Fact, Sheet, write_workbook

# A ream of paper helps nobody; the spreadsheet has all of them.
PAPER_ROWS = 1000
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class EkarteClearingStatementFiles(models.Model):
    _inherit = "ekarte.clearing.statement"

    def _paper_rows(self):
        return PAPER_ROWS

    def _paper_has_letterhead(self, report_type):
        """Whether the company's header gets printed; else the page shows its logo.

        Builds of wkhtmltopdf with an ordinary Qt, as in Debian, print no headers.
        """
        return report_type != "pdf" or _wkhtml().is_patched_qt

    def _file_name(self):
        """Name of the files, without the ending."""
        self.ensure_one()
        reader = self._for_reader()
        return reader.env._(
            "Clearing statement %(number)s", number=self.name.replace("/", "-")
        )

    def _pdf(self):
        """Return the bytes of the paper."""
        self.ensure_one()
        self.check_access("read")
        content, _form = (
            self.env["ir.actions.report"]
            .sudo()
            .with_company(self._sending_company())
            ._render_qweb_pdf(
                "ekarte_loyalty.ekarte_clearing_statement_report", self.ids
            )
        )
        return content

    def _xlsx(self):
        """Return the bytes of the spreadsheet: summary, lines, operations."""
        reader = self._for_reader()
        return write_workbook(
            title=reader._file_name(),
            name=reader.env._("Summary"),
            facts=reader._facts(),
            sheets=[reader._lines_sheet(), *reader._operations_sheets()],
            total=reader.env._("Total"),
        )

    def _facts(self):
        """What the first sheet says."""
        company = self._sending_company()
        return [
            Fact(self.env._("Number"), self.name),
            Fact(self.env._("Sender"), company.name),
            Fact(self.env._("Recipient"), self.partner_id.name),
            Fact(self.env._("Coalition"), self.cycle_id.coalition_id.name),
            Fact(self.env._("Period"), self._period()),
            Fact(self.env._("Currency"), self.currency_id.name),
            *(
                Fact(figure.label, figure.amount, "money", figure.strong)
                for figure in self._figures()
            ),
            Fact(self.env._("Due date"), self.due_date, "date"),
            Fact(self.env._("What to do"), self._what_to_do()),
            Fact(self.env._("Bank account"), self._bank().acc_number),
            Fact(self.env._("Digest of the lines (SHA-256)"), self.digest),
        ]

    def _lines_sheet(self):
        columns = (
            Column(self.env._("Program"), width=28),
            Column(self.env._("Counterparty"), width=28),
            Column(self.env._("What"), width=24),
            Column(self.env._("Operations"), "count", 12, total=True),
            Column(self.env._("Nominal"), "money", 14),
            Column(self.env._("To receive"), "money", 14, total=True),
            Column(self.env._("To pay"), "money", 14, total=True),
            Column(self.env._("Balance"), "money", 14, total=True),
            Column(self.env._("Disputed"), "money", 12, total=True),
        )
        # What is disputed has a column of its own: the others sum to the figures.
        rows = [
            (
                *(row.program, row.counterparty, row.kind, row.operations),
                row.nominal,
                *(
                    (None, None, None, row.amount)
                    if disputed
                    else (row.receive, row.pay, row.amount, None)
                ),
            )
            for disputed in (False, True)
            for row in self._sums(disputed)
        ]
        return Sheet(self.env._("Lines"), columns, rows)

    def _operations_sheets(self):
        """One sheet, or as many as there must be."""
        columns = (
            Column(self.env._("Card"), width=16),
            Column(self.env._("Day"), "date", 12),
            Column(self.env._("Operation"), "count", 12),
            Column(self.env._("Branch"), width=24),
            Column(self.env._("Program"), width=28),
            Column(self.env._("Counterparty"), width=28),
            Column(self.env._("What"), width=24),
            Column(self.env._("Nominal"), "money", 14),
            Column(self.env._("Amount"), "money", 14, total=True),
            Column(self.env._("Disputed"), "money", 12, total=True),
        )
        name = self.env._("Operations")
        offset = 0
        while True:
            operations = self._operations(ROWS_MAX, offset)
            rows = [
                (
                    *(row.token, row.day, row.operation or None, row.branch),
                    *(row.program, row.counterparty, row.kind, row.nominal),
                    *((None, row.amount) if row.disputed else (row.amount, None)),
                )
                for row in operations
            ]
            number = offset // ROWS_MAX + 1
            yield Sheet(name if number == 1 else f"{name} {number}", columns, rows)
            offset += ROWS_MAX
            if len(operations) < ROWS_MAX:
                return

    # Kept with the statement

    def _files(self):
        """The two attachments of what the statement says now; made if they are new."""
        self.ensure_one()
        self.check_access("read")
        mark = f"ekarte {self._content_digest()}"
        Attachment = self.env["ir.attachment"].sudo()
        kept = Attachment.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("description", "=", mark),
            ],
            order="id",
        )
        return kept or Attachment.create(
            [
                {
                    "name": f"{self._file_name()}.{ending}",
                    "raw": make(),
                    "mimetype": mimetype,
                    "description": mark,
                    "res_model": self._name,
                    "res_id": self.id,
                }
                for ending, mimetype, make in (
                    ("pdf", "application/pdf", self._pdf),
                    ("xlsx", XLSX_TYPE, self._xlsx),
                )
            ]
        )

    def _content_digest(self):
        """A digest of everything the two files say, cheap to make."""
        reader = self._for_reader()
        said = [reader.digest, reader.env.lang, *reader._facts()]
        said += reader._sums() + reader._sums(disputed=True)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
