// The pages that ask a user: who they are, and whether a client may act for them. HTML without scripts.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "model/oauth.h"

namespace adit {

/// What both forms need.
struct FormPage {
  std::string client_name;
  std::string action;      ///< the URL that the form is sent to
  std::string form_token;  ///< goes back with it
};

/// A try to log in that failed.
struct FailedLogIn {
  std::string_view why;
  std::string_view email;  ///< as it was typed, so that only the password has to be typed again
};

/// `failed` is empty for the first try.
http::Response login_page(const FormPage& page, const FailedLogIn& failed, int status);
/// `redirect_uri` shows the user where they go from here.
http::Response consent_page(const FormPage& page, const User& user, ScopeSet scopes,
                            std::string_view redirect_uri);
/// What is wrong with the link, for a person to read.
http::Response error_page(int status, std::string_view message);

/// With the five characters that HTML gives a meaning as references, so that it is text in elements and in
/// quoted attributes.
std::string escape_html(std::string_view text);

}  // namespace adit
