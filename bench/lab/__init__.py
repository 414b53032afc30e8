"""The register of the laboratory: standards and their certificates, devices, people, orders, records.

    models       tables (SQLAlchemy)
    migrations   their history (Alembic)
    register     opens a database, refuses one of another version
    entries      what may be entered, decoded strictly
    intake       writes entries
    exchange     TOML and CSV files, in and out
    queries      reads: orders, holdings, records
    provide      what a run takes from the register in place of the station file
    records      what a run leaves in the register
    chain        the chain of traceability of a result
    revision     results again under a revised certificate
    checks       intermediate checks of standards

Errors are `bench.errors.ConfigurationError`: one line that names the register, the entry and the remedy.
"""
