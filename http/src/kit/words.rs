//! The texts of errors of HTTP itself, on any route: `domain` does not know them.

domain::words! {
    pub(crate) INTERNAL = "internal":
        "서버에 문제가 생겼어요. 다시 시도해 주세요.", "Something went wrong on our side. Please try again.";
    pub(crate) BAD_REQUEST = "bad_request":
        "요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.",
        "The request could not be read. Reload and try again.";
    pub(crate) BODY_UNREADABLE = "body_unreadable":
        "요청이 중간에 끊겼어요. 다시 시도해 주세요.", "The request broke off. Please try again.";
    pub(crate) BODY_NOT_UTF8 = "body_not_utf8":
        "요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.",
        "The request could not be read. Reload and try again.";
    pub(crate) BODY_NOT_JSON(line, column) = "body_not_json":
        "요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.",
        "The request could not be read. Reload and try again.";
    pub(crate) QUERY_NOT_UTF8 = "query_not_utf8":
        "주소의 검색 조건을 읽을 수 없어요.", "The search in the address could not be read.";
    pub(crate) HOST_INVALID = "host_invalid":
        "요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.",
        "The request could not be read. Reload and try again.";
    pub(crate) TRANSFER_ENCODING_INVALID = "transfer_encoding_invalid":
        "요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.",
        "The request could not be read. Reload and try again.";
    pub(crate) IDEMPOTENCY_KEY_INVALID = "idempotency.key_invalid":
        "요청을 읽을 수 없어요. 새로고침한 뒤 다시 시도해 주세요.",
        "The request could not be read. Reload and try again.";
    pub(crate) PATH_NOT_FOUND = "path_not_found": "이 주소에는 아무것도 없어요.", "There is nothing at this address.";
    pub(crate) METHOD_NOT_ALLOWED = "method_not_allowed":
        "이 주소에서는 할 수 없는 요청이에요.", "This cannot be done at this address.";
    pub(crate) NOT_ACCEPTABLE(offered) = "not_acceptable":
        "{offered} 형식으로만 받을 수 있어요.", "This is available as {offered}.";
    pub(crate) REQUEST_TIMEOUT = "request_timeout":
        "요청이 너무 늦게 도착했어요. 다시 시도해 주세요.", "The request took too long to come. Please try again.";
    pub(crate) BODY_TOO_LARGE = "body_too_large": "내용이 너무 커요.", "That is too large.";
    pub(crate) MEDIA_TYPE_UNSUPPORTED = "media_type_unsupported":
        "이 형식의 내용은 받을 수 없어요.", "Content of this type is not taken here.";
    pub(crate) URI_TOO_LONG = "uri_too_long": "주소가 너무 길어요.", "The address is too long.";
    pub(crate) HEADERS_TOO_LARGE = "headers_too_large":
        "요청의 헤더가 너무 많거나 커요.", "The request's headers are too many or too large.";
    pub(crate) UPGRADE_REQUIRED = "upgrade_required":
        "이 주소는 웹소켓으로만 쓸 수 있어요.", "This address speaks WebSocket only.";
    pub(crate) UPSTREAM_LOST = "upstream_lost":
        "응답을 받지 못했어요. 처리됐는지 확인한 뒤 다시 시도해 주세요.",
        "No answer came. Look whether it was done, then try again.";
    pub(crate) UNDECLARED = "undeclared":
        "서버에 문제가 생겼어요. 다시 시도해 주세요.", "Something went wrong on our side. Please try again.";
}
