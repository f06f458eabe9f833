"""Every setting on one page. All come from environment variables; docs/configuration.md lists them.

No variable set = the embedded default: SQLite, local files, Celery's filesystem broker as a doorbell.
"""

from __future__ import annotations

import sys
from pathlib import Path

import environ
from celery.schedules import crontab

from pimhub import logging, single_sign_on
from pimhub.foundation import home as instance

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

env = environ.FileAwareEnv()  # PIMHUB_SECRET_KEY_FILE=/run/secrets/… works for every variable

try:
    PIMHUB_HOME = instance.prepare(Path(env.str("PIMHUB_HOME", default=str(BASE_DIR / ".pimhub"))).resolve())
except instance.HomeError as error:
    sys.exit(str(error))

DEBUG = env.bool("PIMHUB_DEBUG", default=False)
SECRET_KEY = env.str("PIMHUB_SECRET_KEY", default="") or instance.key_file(PIMHUB_HOME, "secret.key")
# The first key encrypts, all of them decrypt: put a new one in front to rotate.
PIMHUB_FERNET_KEYS = env.list("PIMHUB_FERNET_KEYS", default=[]) or [instance.key_file(PIMHUB_HOME, "fernet.key")]
# The first key signs the API's short-lived tokens, all of them verify.
PIMHUB_JWT_KEYS = env.list("PIMHUB_JWT_KEYS", default=[]) or [instance.key_file(PIMHUB_HOME, "jwt.key")]
# Which instance this is: channels are bound to it, so that a copy of the data elsewhere calls nobody.
PIMHUB_ENVIRONMENT = env.str("PIMHUB_ENVIRONMENT", default="") or instance.name_file(PIMHUB_HOME)
# Networks (CIDR) of proxies in front, whose X-Forwarded-For is believed.
PIMHUB_TRUSTED_PROXIES = env.list("PIMHUB_TRUSTED_PROXIES", default=[])
ALLOWED_HOSTS = env.list("PIMHUB_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
# Without the variable it is where `up` runs: commands must render what the instance itself would send.
PIMHUB_PUBLIC_URL = env.str("PIMHUB_PUBLIC_URL", default=instance.noted_address(PIMHUB_HOME)).rstrip("/")
CSRF_TRUSTED_ORIGINS = [PIMHUB_PUBLIC_URL] if PIMHUB_PUBLIC_URL.startswith("https://") else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "simple_history",
    "django_filters",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
    # Without "allauth" itself: it holds their pages only, and none but ours shall ever be shown.
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "pimhub",
    "catalog",
    "governance",
    "channels",
]

MIDDLEWARE = [
    "pimhub.metrics.Timing",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "catalog.middleware.ActingMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "catalog.sign_in.middleware.SessionMiddleware",
]

ROOT_URLCONF = "pimhub.urls"
WSGI_APPLICATION = "pimhub.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "catalog.context.shell",
            ],
        },
    },
]

# ---- database, cache, queue ------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{PIMHUB_HOME / 'pimhub.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Deferred transactions fail at once on lock upgrades; immediate ones queue (docs/decisions/0004).
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        "PRAGMA foreign_keys=ON;PRAGMA cache_size=-20000",
    }
else:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 0, "max_size": 8}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": env.cache_url("CACHE_URL")
    if env.str("CACHE_URL", default="")
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "pimhub_cache"}
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://")
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "data_folder_in": str(PIMHUB_HOME / "queue/in"),
        "data_folder_out": str(PIMHUB_HOME / "queue/in"),
        "control_folder": str(PIMHUB_HOME / "queue/control"),
        "polling_interval": 0.1,  # seconds; the default of one would also be the pace of the queue
    }
    if CELERY_BROKER_URL.startswith("filesystem")
    else {"visibility_timeout": 3600}
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# Other people's servers may be slow: pictures and subscribers wait in a queue of their own, so that nothing waits
# behind them.
CELERY_TASK_ROUTES = dict.fromkeys(
    ("catalog.fetch_media", "catalog.fetch_source", "channels.deliver", "channels.poll", "channels.watch"),
    {"queue": "media"},
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False  # a lost ring only delays: the sweep finds the row
CELERY_TASK_TIME_LIMIT = 300  # slices take seconds, or a minute in a file of a million rows
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB, for pools of children; see also pimhub/worker.py
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(PIMHUB_HOME / "queue/beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "catalog.tidy": {"task": "catalog.tidy", "schedule": 3600.0, "options": {"expires": 60}},
    "catalog": {"task": "catalog.sweep", "schedule": 2.0, "options": {"expires": 5}},
    "governance": {"task": "governance.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "governance.digest": {"task": "governance.send_digest", "schedule": crontab(hour="6", minute="0")},
    "governance.audit": {"task": "governance.verify_audit", "schedule": crontab(hour="3", minute="10")},
    "channels.reconcile": {"task": "channels.reconcile_all", "schedule": crontab(hour="4", minute="20")},
    "channels.follow": {"task": "channels.follow", "schedule": 60.0, "options": {"expires": 50}},
    "channels": {"task": "channels.sweep", "schedule": 2.0, "options": {"expires": 5}},
    "channels.poll": {"task": "channels.poll", "schedule": 20.0, "options": {"expires": 15}},
    "channels.watch": {"task": "channels.watch", "schedule": 30.0, "options": {"expires": 25}},
    "channels.tidy": {"task": "channels.tidy", "schedule": 900.0, "options": {"expires": 60}},
}

# ---- people ------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "catalog.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
AUTHENTICATION_BACKENDS = ["catalog.sign_in.backend.Backend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
# Signing in (docs/decisions/0024): nobody makes an account for themselves, and no mails are sent.
ACCOUNT_ADAPTER = "catalog.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USER_DISPLAY = "catalog.sign_in.adapters.display"
MFA_ADAPTER = "catalog.sign_in.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are entered by administrators; nobody verifies them here
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # clocks may differ by half a minute; a code still counts once (catalog/sign_in/forms.py)
MFA_FORMS = {
    "authenticate": "catalog.sign_in.forms.SecondFactorForm",
    "authenticate_webauthn": "catalog.sign_in.forms.PasskeyFactorForm",
    "login_webauthn": "catalog.sign_in.forms.PasskeyLoginForm",
}
SOCIALACCOUNT_ADAPTER = "catalog.sign_in.adapters.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": single_sign_on.providers(env), "OAUTH_PKCE_ENABLED": True}}
# Ids of the providers of single sign-on; docs/configuration.md lists the variables of each.
PIMHUB_SSO = env.list("PIMHUB_SSO", default=[])
# Minutes after signing in during which keys, exports and rights may be touched without signing in again.
PIMHUB_FRESH_MINUTES = env.int("PIMHUB_FRESH_MINUTES", default=15)
# Whoever may approve needs a second factor; single roles are told so on their page.
PIMHUB_APPROVERS_NEED_SECOND_FACTOR = env.bool("PIMHUB_APPROVERS_NEED_SECOND_FACTOR", default=False)
# An approver may be neither the last editor nor the one who asked.
PIMHUB_TWO_PERSON = env.bool("PIMHUB_TWO_PERSON", default=True)
# Seconds in which a decision made on a page can be taken back; it goes live when they are over.
PIMHUB_REVIEW_GRACE = env.int("PIMHUB_REVIEW_GRACE", default=10)

# ---- API ---------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "catalog.api.problems.handler",
    "DEFAULT_SCHEMA_CLASS": "catalog.api.schema.Schema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PIMHub",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["catalog.api.schema.finish"],
    "ENUM_NAME_OVERRIDES": {},
}

# ---- web ---------------------------------------------------------------------------------------------
SECURE = PIMHUB_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-pimhub" if SECURE else "pimhub"
SESSION_COOKIE_AGE = 7 * 24 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # pictures of others' servers are fetched first, by a task
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = PIMHUB_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
MEDIA_ROOT = PIMHUB_HOME / "media"
MEDIA_URL = "media/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# ---- figures -----------------------------------------------------------------------------------------
# Who may read /metrics: whoever sends this token, or asks from one of these networks. Neither: nobody.
PIMHUB_METRICS_TOKEN = env.str("PIMHUB_METRICS_TOKEN", default="")
PIMHUB_METRICS_NETWORKS = env.list("PIMHUB_METRICS_NETWORKS", default=[])

# ---- language, time ----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# ---- logs --------------------------------------------------------------------------------------------
LOGGING = logging.configuration(env.str("PIMHUB_LOG_LEVEL", default="WARNING").upper())

# ---- outgoing calls ----------------------------------------------------------------------------------
# Exact origins on private networks that may be called, e.g. "http://10.0.0.5:8080". `up` adds its sandbox.
PIMHUB_ALLOWED_ORIGINS = env.list("PIMHUB_ALLOWED_ORIGINS", default=[])

SIMPLE_HISTORY_REVERT_DISABLED = True
SILENCED_SYSTEM_CHECKS: list[str] = []

# Mail: smtp+tls://user:password@host:587; without it nobody is written to.
PIMHUB_MAIL = env.str("PIMHUB_MAIL", default="")
globals().update(env.email_url_config(PIMHUB_MAIL or "dummymail://"))
DEFAULT_FROM_EMAIL = env.str("PIMHUB_MAIL_FROM", default="pimhub@localhost")
