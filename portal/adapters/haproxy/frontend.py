"""The one entrance of the proxy: which route, which side, what is logged. It names no route: they stand in the maps."""

from __future__ import annotations

LOG_TAG = "P1"

# Only what cannot hold a space comes before the path; the path is last, so nothing in it can pass for another field.
LOG_FORMAT = (
    f"{LOG_TAG} %Ts %ms %Tt %[var(txn.route)] %[var(txn.slot)] %s %[var(txn.server)] %ST %Tr %rc %ts"
    " %[var(txn.forced)] %HM %HP"
)

NO_ROUTE = (
    "No service is routed here. If you expected one, ask its team which address it has.\\n"
    "这个地址没有对应的服务。如果这里应当有服务，请向其团队确认访问地址。\\n"
)
NO_SERVER = "The service cannot answer at the moment. Please try again shortly.\\n服务暂时无法响应，请稍后重试。\\n"

PLAIN = "text/plain; charset=utf-8"
COOKIE = "cfp_uid=%[var(txn.stranger)]; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"

FRONTEND = """
frontend portal
{binds}
    log ring@accesslog local0
    log-format "{log_format}"
    http-error status 503 content-type "{plain}" string '{no_server}'

    http-request set-var(txn.forced) str(0)
    http-request disable-l7-retry if !{{ method GET HEAD OPTIONS }}
{forget_forwarded}    http-request add-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request del-header X-Request-ID unless {{ req.hdr(X-Request-ID) -m reg ^[A-Za-z0-9._-]{{1,64}}$ }}
    http-request set-header X-Request-ID %[uuid] unless {{ req.hdr(X-Request-ID) -m found }}
    http-request set-var(txn.request) req.hdr(X-Request-ID)
    http-response set-header X-Request-ID %[var(txn.request)]

    # Which route: the preview address, else the longest path of this host, else the longest path of any host.
    http-request set-var(txn.host) req.hdr(host),host_only,lower
    http-request set-var(txn.path) path,concat(/)
    http-request set-var(txn.route) var(txn.host),map_str({folder}/preview.map)
    acl is_preview var(txn.preview) -m bool
    http-request set-var(txn.preview) bool(true) if {{ var(txn.route) -m found }}
    acl is_routed var(txn.route) -m found
    http-request set-var(txn.route) var(txn.host),concat(,txn.path),map_beg({folder}/hosts.map) unless is_routed
    http-request set-var(txn.route) str(*),concat(,txn.path),map_beg({folder}/hosts.map) unless is_routed
    http-request return status 503 content-type "{plain}" string '{no_route}' unless is_routed

    # Which bucket of 100: the same user always falls into the same one, another one in each service.
    http-request set-var(txn.user) req.cook(cfp_uid)
    http-request set-var(txn.user) req.hdr({bucket_header}) if {{ req.hdr({bucket_header}) -m found }}
    http-request set-var(txn.stranger) uuid() unless {{ var(txn.user) -m found }}
    http-request set-var(txn.user) var(txn.stranger) unless {{ var(txn.user) -m found }}
    http-request set-var(txn.bucket) var(txn.user),concat(,txn.route),xxh32(7),mod(100)

    # Which side.
    http-request set-var(txn.green) var(txn.route),map_str_int({folder}/split.map,0)
    http-request set-var(txn.stable) var(txn.route),map_str({folder}/stable.map,blue)
    http-request set-var(txn.candidate) str(green)
    http-request set-var(txn.candidate) str(blue) if {{ var(txn.stable) -m str green }}
    acl is_green_bucket var(txn.bucket),sub(txn.green) -m int lt 0
    acl wants_candidate req.hdr(X-Portal-Canary) -i always
    acl wants_stable req.hdr(X-Portal-Canary) -i never
    http-request set-var(txn.slot) str(blue)
    http-request set-var(txn.slot) str(green) if is_green_bucket
    http-request set-var(txn.slot) var(txn.stable) if wants_stable
    http-request set-var(txn.slot) var(txn.candidate) if wants_candidate or is_preview
    http-request set-var(txn.forced) str(1) if wants_stable or wants_candidate or is_preview

    # A side without a healthy server is no side: stable answers. (A worker that is stopping after a reload takes all
    # of its servers for gone; it keeps to the shares for the last answer of each connection.)
    http-request set-var(txn.backend) var(txn.route),concat(:,txn.slot)
    http-request set-var(txn.healthy) var(txn.backend),nbsrv
    http-request set-var(txn.slot) var(txn.stable) if {{ var(txn.healthy) -m int lt 1 }} !{{ stopping }}
    http-request set-var(txn.backend) var(txn.route),concat(:,txn.slot)
    acl is_stable var(txn.slot),strcmp(txn.stable) eq 0
    acl is_forced var(txn.forced) -m str 1
    acl is_shielded var(txn.route),map_str({folder}/shield.map) -m found
    http-request set-var(txn.backend) var(txn.route),concat(:shield) if !is_stable is_shielded !is_forced

    # A user needs an identity only while there are two sides to choose from.
    acl is_stranger var(txn.stranger) -m found
    acl is_split var(txn.green) -m int 1:99
    http-response add-header Set-Cookie "{cookie}" if is_split is_stranger
    use_backend %[var(txn.backend)]
"""
