"""What ECS and OCSF say of the fields that an export uses."""

from __future__ import annotations

# github.com/elastic/ecs at v8.17.0, generated/csv/fields.csv: field, type, array.
ECS = {
    "@timestamp": "date",
    "ecs.version": "keyword",
    "event.action": "keyword",
    "event.category": "array",
    "event.code": "keyword",
    "event.dataset": "keyword",
    "event.hash": "keyword",
    "event.id": "keyword",
    "event.kind": "keyword",
    "event.module": "keyword",
    "event.outcome": "keyword",
    "event.provider": "keyword",
    "event.reason": "keyword",
    "event.sequence": "long",
    "event.type": "array",
    "http.request.id": "keyword",
    "http.request.method": "keyword",
    "http.response.status_code": "long",
    "related.ip": "array",
    "related.user": "array",
    "source.ip": "ip",
    "url.path": "wildcard",
    "user.effective.id": "keyword",
    "user.effective.name": "keyword",
    "user.id": "keyword",
    "user.name": "keyword",
    "user_agent.original": "keyword",
}
# The same, docs/fields/field-values.asciidoc: the types expected for a category.
ECS_TYPES = {
    "authentication": {"start", "end", "info"},
    "iam": {"admin", "change", "creation", "deletion", "group", "info", "user"},
    "session": {"start", "end", "info"},
    "web": {"access", "error", "info"},
}

# github.com/ocsf/ocsf-schema at 1.6.0: events/base_event.json, requirement "required".
OCSF_REQUIRED = {
    "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time",
    "type_uid",
}  # fmt: skip
_BASE = OCSF_REQUIRED | {
    "activity_name", "category_name", "class_name", "message", "severity", "status",
    "status_code", "status_detail", "status_id", "unmapped",
}  # fmt: skip
# events/iam/iam.json and authentication.json; events/application/api_activity.json.
OCSF_CLASSES = {
    3002: {
        "name": "Authentication",
        "category": 3,
        "required": OCSF_REQUIRED | {"user"},
        "allowed": _BASE
        | {
            "account_switch_type", "account_switch_type_id", "actor", "auth_protocol",
            "auth_protocol_id", "http_request", "is_remote", "service", "session",
            "src_endpoint", "user",
        },
    },
    6003: {
        "name": "API Activity",
        "category": 6,
        "required": OCSF_REQUIRED | {"actor", "api", "src_endpoint"},
        "allowed": _BASE
        | {
            "actor", "api", "http_request", "http_response", "resources",
            "src_endpoint",
        },
    },
}  # fmt: skip
# objects/*.json of the same version, as far as they are used; `_resource.json` and
# `resource_details.json` for resources, `network_endpoint.json` for endpoints.
OCSF_OBJECTS = {
    "actor": {"session", "user"},
    "api": {"operation", "service"},
    "http_request": {"http_method", "uid", "url", "user_agent"},
    "http_response": {"code"},
    "metadata": {
        "correlation_uid", "event_code", "log_name", "log_provider", "log_version",
        "original_time", "product", "sequence", "uid", "version",
    },
    "product": {"name", "vendor_name"},
    "resources": {"name", "role", "role_id", "type", "uid", "uid_alt"},
    "service": {"name"},
    "session": {"expiration_reason", "expiration_time", "is_remote", "uid"},
    "src_endpoint": {"ip", "name"},
    "url": {"path"},
    "user": {"domain", "name", "type_id", "uid", "uid_alt"},
}  # fmt: skip
# The captions of `activity_id`, and those of the dictionary's enumerations.
OCSF_ACTIVITIES = {
    3002: {2: "Logoff", 7: "Account Switch", 99: None},
    6003: {1: "Create", 2: "Read", 3: "Update", 4: "Delete", 99: None},
}
OCSF_STATUS = {0: "Unknown", 1: "Success", 2: "Failure"}
OCSF_SEVERITY = {1: "Informational", 2: "Low"}
