// OAuth's endpoints, which are under paths of their own and speak forms and HTML.
#pragma once

#include "api/access_endpoints.h"
#include "api/api.h"
#include "http/message.h"

namespace adit {

// RFC 6749 §3.2 and RFC 7009.
Result<http::Response> answer_token_request(const AccessServices& services, const http::Request& request);
Result<http::Response> answer_revocation(const AccessServices& services, const http::Request& request);
// RFC 6749 §3.1: the page that asks, and its forms.
Result<http::Response> show_authorization(const AccessServices& services, const http::Request& request);
Result<http::Response> take_authorization_form(const AccessServices& services, const http::Request& request);
// RFC 8414.
Result<http::Response> describe_issuer(const AccessServices& services, const http::Request& request);

}  // namespace adit
