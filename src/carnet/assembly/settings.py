"""Carnet's settings: each is a `--flag` of the command and a `CARNET_*` variable of the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from carnet.entities.new_buckets import NewBuckets
from carnet.identity.session_lifetime import SessionLifetime

PREFIX = "CARNET_"
OPERATOR_TOKEN = f"{PREFIX}OPERATOR_TOKEN"
"""No setting: the token by which commands ask a server. It may stand in the environment of a server, too."""
SMTP_PASSWORD = f"{PREFIX}SMTP_PASSWORD"
"""No setting: the password for the mail server, which must stand on no command line."""
_SERVICE_LINK = (
    r"CARNET_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)"
)
_UPSTREAM_KEY = r"CARNET_UPSTREAM_[A-Z0-9_]+_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY)"
"""No settings: the keys of upstreams."""
_LINKED_PORT = r"(?:tcp|udp|sctp)://.*"


class UnknownSetting(ValueError):
    """The environment holds a CARNET_ variable that no setting reads, most likely misspelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the state lies and where the server listens. `docs/settings.md` describes each."""

    data_dir: Path = Path("carnet-data")
    database_url: str = field(default="", repr=False)
    """SQLAlchemy URL of the store; empty: SQLite in the data directory."""
    master_key_file: Path | None = None
    """Where the master key lies; None: `master.key` in the data directory."""
    partition: str = "aws"
    host: str = "127.0.0.1"
    port: int = 4747
    public_url: str = ""
    """Where clients reach the server; empty: made of host and port (`assembly.public_url`)."""
    workers: int = 1
    tls: str | None = None
    """"self-signed": a certificate for development, which is made in the data directory."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    insecure: bool = False
    """Serve plain HTTP on an address that is not loopback."""
    session_lifetime: SessionLifetime = SessionLifetime.AWS
    """How long a session lives that was made with a session."""
    session_max_staleness: int = 0
    """Seconds after which a process that cannot follow its store gives out no more sessions; 0: it goes on."""
    password_hash_kib: int = 47_104
    """Memory for one hash of a password, in KiB."""
    quotas: str = ""
    """What accounts may have instead of AWS's quotas (`services.operation`)."""
    limits: str = ""
    """How often accounts and strangers may call (`server.rates`); empty: `default`, and `off` with `dev`."""
    oidc_keys_file: Path | None = None
    """Keys of OpenID Connect issuers that are not to be asked for them."""
    oidc_ca_file: Path | None = None
    """Certificate authorities of issuers, beside those that the system trusts."""
    oidc_networks: str = ""
    """Networks that issuers may be in beside the public ones: `10.0.0.0/8,fd00::/8`."""
    fido_metadata_file: Path | None = None
    """What the FIDO Metadata Service tells of security keys (`identity.fido_metadata`)."""
    smtp_url: str = ""
    """The mail server, as `smtp://user@mail.example.com:587` (`mail.server`); empty: no mail is sent."""
    mail_from: str = ""
    """The address that mail comes from."""
    smtp_password_file: Path | None = None
    """Where the password for the mail server lies; None: in the environment (SMTP_PASSWORD)."""
    upstream: str = ""
    """The services behind the gateway, as `moto=http://127.0.0.1:5000` (`gateway.upstreams`)."""
    upstreams: Path | None = None
    """A file that describes services behind the gateway (`gateway.upstreams_file`)."""
    s3_new_buckets: NewBuckets = NewBuckets.CURRENT
    """How buckets are made behind the gateway."""
    change_log_retention_days: int = 90
    audit_retention_days: int = 90
    """How long the store keeps the audit events of changes, and the data directory all events and decisions."""
    snapshot_max_age_minutes: int = 60
    """How old what the data directory keeps of the directory may be for a start while the database is down."""
    quiet: bool = False
    """Print no line for each call."""
    log_format: str = ""
    """`text` or `json`: of the server's log and of the lines of calls; empty: `text` on a terminal."""
    decision_log_megabytes: int = 1024
    """How large the files of the log of decisions may become together."""
    disk_floor_megabytes: int = 64
    """How much room the disk of the data directory must have for a change to be made."""
    audit_checkpoints: str = ""
    """Where checkpoints of the audit log go, too: a path, or `syslog://host:port`; empty: beside the log alone."""
    dev: bool = False
    """Keep everything in memory, with an account and a root key that everybody knows."""
    seed: Path | None = None
    """What is applied to the installation in memory before it is served, as by `carnet apply`."""
    dev_account_id: str = "000000000000"
    dev_access_key_id: str = "AKIAQAAAAAAADEXAMPLE"
    dev_secret_access_key: str = field(default="carnet/dev/everybody/knows/me/EXAMPLEKEY", repr=False)
    dev_operator_token: str = field(default="", repr=False)
    """An operator token with all scopes; empty for none."""

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'carnet.db'}"

    @property
    def master_key(self) -> Path:
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def next_master_key(self) -> Path:
        """Where a master key lies that is to follow the present one (`carnet keys rewrap`)."""
        return self.master_key.with_name(f"{self.master_key.name}.new")

    @property
    def seen_keys(self) -> Path:
        """What this machine remembers of the data keys, whatever the store says of them."""
        return self.data_dir / "keys.seen"

    @property
    def tls_dir(self) -> Path:
        """Where the certificate for development lies."""
        return self.data_dir / "tls"

    @property
    def last_seen(self) -> Path:
        """What this node remembers of the store."""
        return self.data_dir / "last-seen.json"

    @property
    def audit_file(self) -> Path:
        return self.data_dir / "audit" / "audit.jsonl"

    @property
    def snapshot_file(self) -> Path:
        """Where the directory's snapshot is kept."""
        return self.data_dir / "directory.snapshot"

    @property
    def checkpoints_file(self) -> Path:
        return self.data_dir / "audit" / "checkpoints.jsonl"

    @property
    def decisions_file(self) -> Path:
        return self.data_dir / "audit" / "decisions.jsonl"


def variable(setting: str) -> str:
    """The environment variable of a setting: `data_dir` is `CARNET_DATA_DIR`."""
    return PREFIX + setting.upper()


def is_service_link(name: str, value: str) -> bool:
    """Whether a variable is one that Kubernetes gives to each pod for a service called `carnet` or `carnet-...`.

    https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
    """
    if name.startswith(PREFIX) and name.endswith("_PORT") and re.fullmatch(_LINKED_PORT, value):
        return True
    return re.fullmatch(_SERVICE_LINK, name) is not None


def unknown_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The CARNET_ variables that no setting and no command reads, Kubernetes' own left out."""
    known = {OPERATOR_TOKEN, SMTP_PASSWORD, *(variable(each.name) for each in fields(Settings))}
    return tuple(
        name
        for name, value in sorted(environment.items())
        if name.startswith(PREFIX)
        and name not in known
        and not is_service_link(name, value)
        and not re.fullmatch(_UPSTREAM_KEY, name)
    )


def check_environment(environment: Mapping[str, str]) -> None:
    """Raise UnknownSetting for a CARNET_ variable that names no setting."""
    for name in unknown_variables(environment):
        meant = meant_variable(name)
        hint = f"did you mean {meant}? The settings are" if meant else "the settings are"
        known = sorted(variable(each.name) for each in fields(Settings))
        raise UnknownSetting(f"{name} is no setting of Carnet; {hint}: {', '.join(known)}")


def meant_variable(name: str) -> str:
    """The variable of a setting that is most like one that names none; empty if none is like it."""
    from carnet.policy.lint.near import nearest  # seldom needed

    known = (variable(each.name).removeprefix(PREFIX) for each in fields(Settings))
    meant = nearest(name.removeprefix(PREFIX), known)
    return f"{PREFIX}{meant}" if meant else ""


def as_environment(settings: Settings) -> dict[str, str]:
    """Settings as the variables that give them back, to hand them to a worker process."""
    return {
        variable(each.name): str(value)
        for each in fields(Settings)
        if (value := getattr(settings, each.name)) is not None
    }


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Settings from their variables; raises UnknownSetting, and ValueError for a value of the wrong kind."""
    check_environment(environment)
    given = {
        each.name: value
        for each in fields(Settings)
        if (value := environment.get(variable(each.name))) is not None
        and not is_service_link(variable(each.name), value)
    }
    return Settings(**{name: _KINDS.get(name, str)(text) for name, text in given.items()})  # type: ignore[arg-type]  # `_KINDS` has the types


def _flag(text: str) -> bool:
    if text in ("1", "true", "True"):
        return True
    if text in ("", "0", "false", "False"):
        return False
    raise ValueError(f"{text!r} is neither true nor false")


_KINDS: Mapping[str, Callable[[str], object]] = {
    "data_dir": Path,
    "master_key_file": Path,
    "port": int,
    "workers": int,
    "tls_cert": Path,
    "tls_key": Path,
    "insecure": _flag,
    "s3_new_buckets": NewBuckets,
    "session_lifetime": SessionLifetime,
    "session_max_staleness": int,
    "password_hash_kib": int,
    "oidc_keys_file": Path,
    "oidc_ca_file": Path,
    "fido_metadata_file": Path,
    "smtp_password_file": Path,
    "upstreams": Path,
    "change_log_retention_days": int,
    "audit_retention_days": int,
    "dev": _flag,
    "seed": Path,
    "snapshot_max_age_minutes": int,
    "quiet": _flag,
    "decision_log_megabytes": int,
    "disk_floor_megabytes": int,
}
"""How the variables that are no text are read."""
