// The routes of users, applications, groups, keys and grants. They need the catalog and nothing else of a
// server, so that the command line serves itself with them on the folder of a stopped one.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/endpoint.h"
#include "http/message.h"
#include "model/json_fields.h"
#include "model/team.h"

namespace adit {

struct AccessEndpoint {
  Line line;
  Result<http::Response> (*handle)(const AccessServices&, const http::Request&);
};

/// All of them.
std::vector<AccessEndpoint> access_endpoints();

// By resource.
void add_application_endpoints(std::vector<AccessEndpoint>& endpoints);
void add_grant_endpoints(std::vector<AccessEndpoint>& endpoints);
void add_group_endpoints(std::vector<AccessEndpoint>& endpoints);
void add_key_endpoints(std::vector<AccessEndpoint>& endpoints);
void add_client_endpoints(std::vector<AccessEndpoint>& endpoints);
void add_consent_endpoints(std::vector<AccessEndpoint>& endpoints);
void add_own_account_endpoints(std::vector<AccessEndpoint>& endpoints);
void add_user_endpoints(std::vector<AccessEndpoint>& endpoints);

http::Response json_answer(const boost::json::value& body);
/// The same for an answer with a secret in it, which nobody may keep.
http::Response secret_answer(const boost::json::value& body);

/// A name of somebody or something: 1 to 255 bytes of text. Required unless `absent` says what it is then.
std::string read_name(FieldReader& reader, const std::vector<FieldError>& errors,
                      const std::optional<std::string>& absent = {});

}  // namespace adit
