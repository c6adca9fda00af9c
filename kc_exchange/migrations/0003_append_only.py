from django.db import OperationalError, migrations, router
from django.db.migrations.operations.base import Operation

from kc_exchange.impersonation.audit import triggers


BINARY_LOG = 1419
"""MySQL with a binary log: whoever creates a trigger needs SUPER."""


class Guard(Operation):
    """Begin the chain, and let the database itself keep what is recorded.

    A later migration that alters one of the two tables has to do this again on SQLite,
    where Django makes such a table anew and copies it: with its rows, not its triggers.
    """

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        connection = schema_editor.connection
        head = to_state.apps.get_model(app_label, "AuditHead")
        if not router.allow_migrate_model(connection.alias, head):
            return
        if schema_editor.collect_sql or not head.objects.using(connection.alias).exists():
            schema_editor.execute(triggers.head_row(), params=None)
        try:
            for sql in triggers.create(connection.vendor):
                schema_editor.execute(sql, params=None)
        except OperationalError as error:
            if error.args[:1] != (BINARY_LOG,):
                raise
            raise OperationalError(
                *error.args,
                "Fix: let the database's administrator set "
                "log_bin_trust_function_creators = 1 while this migration runs, or run "
                "what `manage.py sqlmigrate kc_exchange 0003` prints, and then "
                "`manage.py migrate kc_exchange 0003 --fake`.",
            ) from error

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        connection = schema_editor.connection
        head = from_state.apps.get_model(app_label, "AuditHead")
        if router.allow_migrate_model(connection.alias, head):
            for sql in triggers.drop(connection.vendor):
                schema_editor.execute(sql, params=None)

    def describe(self):
        return "Guard the audit record against changes"


class Migration(migrations.Migration):

    dependencies = [
        ("kc_exchange", "0002_impersonation"),
    ]

    operations = [Guard()]
