// WebDriver: a real Chromium without a window, driven over the W3C's WebDriver protocol
// (https://www.w3.org/TR/webdriver2/).
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/http_client.h"
#include "support/process.h"
#include "support/temp_folder.h"

namespace adit::test {

/// One browser with one window, a fresh profile, and no trust in any certificate authority asked: self-made
/// certificates are accepted. Elements are named by CSS selectors; the first match counts. Every function
/// throws std::runtime_error with what the driver says when it can't be done. Not thread-safe.
class WebDriver {
 public:
  static bool installed();

  WebDriver();
  ~WebDriver();
  WebDriver(const WebDriver&) = delete;
  WebDriver& operator=(const WebDriver&) = delete;

  /// Comes back when the page is loaded, whatever its status.
  void open(const std::string& url);
  void type(const std::string& selector, const std::string& text);
  /// Follows the link or sends the form; comes back when the page after it is loaded.
  void click(const std::string& selector);

  std::string url();
  std::string title();
  /// What is to be seen of an element, without markup.
  std::string text(const std::string& selector);
  /// A property that the style sheets have computed.
  std::string style(const std::string& selector, const std::string& property);
  /// The names of the cookies that the page may be sent with.
  std::vector<std::string> cookies();
  /// What the console has said since the last call, refusals by the Content-Security-Policy among it.
  std::vector<std::string> complaints();
  /// The window as PNG.
  std::string screenshot();

 private:
  HttpResponse send(HttpRequest request) const;
  boost::json::value ask(const std::string& method, const std::string& path,
                         const boost::json::value& body = boost::json::object());
  std::string element(const std::string& selector);
  bool is_loaded();

  TempFolder folder_;
  std::unique_ptr<ChildProcess> driver_;
  std::string address_;
  std::string session_;
};

}  // namespace adit::test
