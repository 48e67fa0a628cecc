#include "browser/web_driver.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "support/test_data.h"

namespace adit::test {
namespace {

namespace json = boost::json;

constexpr const char* kDriver = "/usr/bin/chromedriver";
constexpr const char* kBrowser = "/usr/bin/chromium";
/// The name by which WebDriver's answers say that something is an element (W3C WebDriver §12.2).
constexpr const char* kElement = "element-6066-11e4-a52e-4f735466cecf";

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The port that chromedriver has chosen, as it says itself.
std::string port_of(ChildProcess& driver, const std::filesystem::path& log) {
  const std::string before = "started successfully on port ";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (true) {
    const auto said = content(log);
    const auto begin = said.find(before);
    const auto end = begin == std::string::npos ? begin : said.find('.', begin);
    if (end != std::string::npos) return said.substr(begin + before.size(), end - begin - before.size());
    if (!driver.running() || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("chromedriver does not start: " + said);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

}  // namespace

bool WebDriver::installed() { return ::access(kDriver, X_OK) == 0 && ::access(kBrowser, X_OK) == 0; }

WebDriver::WebDriver() {
  const auto log = folder_.path() / "chromedriver.log";
  driver_ = std::make_unique<ChildProcess>(ChildProcess::Options{
      .arguments = {kDriver, "--port=0"}, .environment = {{"HOME", folder_.path().string()}}, .output = log});
  address_ = "127.0.0.1:" + port_of(*driver_, log);
  // As root, and in containers without user namespaces, Chromium starts without its sandbox only; it opens
  // our own pages.
  const json::object options{{"binary", kBrowser},
                             {"args",
                              {"--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
                               "--disable-dev-shm-usage", "--window-size=800,600",
                               "--user-data-dir=" + (folder_.path() / "profile").string()}}};
  const json::object wanted{{"browserName", "chrome"},
                            {"acceptInsecureCerts", true},
                            {"goog:loggingPrefs", {{"browser", "ALL"}}},
                            {"goog:chromeOptions", options}};
  const auto made = ask("POST", "", {{"capabilities", {{"alwaysMatch", wanted}}}});
  session_ = "/" + std::string(made.at("sessionId").as_string());
}

WebDriver::~WebDriver() {
  try {
    ask("DELETE", "");  // ends the browser, which a killed driver would leave behind
  } catch (const std::exception&) {
    // Nothing can be done about it here, and the test has its result.
  }
  driver_->signal(SIGTERM);
  driver_->wait(std::chrono::seconds{10});
}

/// Not by Http, whose answers are recorded as adit's.
HttpResponse WebDriver::send(HttpRequest request) const {
  request.target = "/session" + session_ + request.target;
  RawConnection connection(address_);
  connection.send(request_text(request));
  return connection.read_response();
}

json::value WebDriver::ask(const std::string& method, const std::string& path, const json::value& body) {
  HttpRequest request{method, path};
  if (method == "POST") {
    request.headers = {{"Content-Type", "application/json"}};
    request.body = json::serialize(body);
  }
  const auto response = send(request);
  if (response.status != 200) throw std::runtime_error(method + " " + path + ": " + response.body);
  return response.json().at("value");
}

std::string WebDriver::element(const std::string& selector) {
  const auto found = ask("POST", "/element", {{"using", "css selector"}, {"value", selector}});
  return "/element/" + std::string(found.at(kElement).as_string());
}

void WebDriver::open(const std::string& url) { ask("POST", "/url", {{"url", url}}); }
void WebDriver::type(const std::string& selector, const std::string& text) {
  ask("POST", element(selector) + "/value", {{"text", text}});
}

void WebDriver::click(const std::string& selector) {
  // The driver comes back from a click before a slow answer to it is there; the old page's root is stale when
  // the next page stands.
  const auto root = element("html");
  ask("POST", element(selector) + "/click");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (send({"GET", root + "/name"}).status == 200 || !is_loaded()) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("no page came of a click on " + selector);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

bool WebDriver::is_loaded() {
  const json::object script{{"script", "return document.readyState"}, {"args", json::array()}};
  return ask("POST", "/execute/sync", script) == json::value("complete");
}

std::string WebDriver::url() { return std::string(ask("GET", "/url").as_string()); }
std::string WebDriver::title() { return std::string(ask("GET", "/title").as_string()); }
std::string WebDriver::text(const std::string& selector) {
  return std::string(ask("GET", element(selector) + "/text").as_string());
}
std::string WebDriver::style(const std::string& selector, const std::string& property) {
  return std::string(ask("GET", element(selector) + "/css/" + property).as_string());
}

std::vector<std::string> WebDriver::cookies() {
  std::vector<std::string> names;
  const auto found = ask("GET", "/cookie");
  for (const auto& cookie : found.as_array()) {
    names.emplace_back(cookie.at("name").as_string());
  }
  return names;
}

std::vector<std::string> WebDriver::complaints() {
  std::vector<std::string> lines;
  const auto entries = ask("POST", "/se/log", {{"type", "browser"}});
  for (const auto& entry : entries.as_array()) {
    lines.emplace_back(entry.at("message").as_string());
  }
  return lines;
}

std::string WebDriver::screenshot() {
  return from_base64(std::string(ask("GET", "/screenshot").as_string()));
}

}  // namespace adit::test
