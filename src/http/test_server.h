// For this folder's tests: a real server on a free port, routes that tell what they saw, and a raw client.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/metrics.h"
#include "http/server.h"

namespace adit::http::test {

using namespace std::chrono_literals;

/// What the sinks of `POST /upload` saw.
struct SinkLog {
  std::mutex mutex;
  std::condition_variable changed;
  std::string bytes;               ///< of all parts
  std::vector<std::string> names;  ///< of the parts; "-" for a raw body
  std::size_t opened = 0;
  std::size_t finished = 0;
  std::size_t destroyed = 0;
  std::size_t parts_ended = 0;
  std::size_t fail_after = 0;  ///< a write that brings `bytes` above this fails; 0 is never
  bool blocked = false;        ///< writes wait while this is set

  /// False if it did not come true within five seconds.
  template <class Predicate>
  bool wait_for(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 5s, predicate);
  }
  void unblock();
};

/// What the live sources of `GET /live` say, and what became of them.
struct LiveLog {
  std::mutex mutex;
  std::condition_variable changed;
  std::string texts;           ///< not yet read
  std::function<void()> wake;  ///< of the source opened last
  bool ended = false;          ///< the next read ends the body
  bool fails = false;          ///< the next read fails
  bool endless = false;        ///< there is always more
  std::size_t opened = 0;
  std::size_t reads = 0;
  std::size_t destroyed = 0;

  void say(std::string_view text);
  void end();
  /// False if it did not come true within five seconds.
  template <class Predicate>
  bool wait_for(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 5s, predicate);
  }
};

/// A socket that speaks bytes. Every wait ends after five seconds.
class RawClient {
 public:
  /// From any address, or from this one of the loopback network.
  explicit RawClient(const std::string& address, const char* source = nullptr);

  RawClient& send(std::string_view bytes);
  /// Sends what the peer takes until it stops taking; false then.
  bool try_send(std::string_view bytes);
  /// One whole answer (by its Content-Length); empty when the connection ended before.
  std::string answer(bool head_only = false);
  /// All bytes up to and with `end`; what there was when it did not come.
  std::string until(std::string_view end);
  /// All bytes until the peer closes.
  std::string rest();
  /// True if the peer closes without another byte.
  bool closes() { return rest().empty(); }
  /// True if the peer resets the connection, whatever it sends before.
  bool is_reset();
  void close() { socket_ = {}; }

 private:
  bool receive();

  FileHandle socket_;
  std::string received_;
  bool ended_ = false;
};

int status_of(std::string_view answer);
std::string body_of(std::string_view answer);
std::optional<std::string> header_of(std::string_view answer, std::string_view name);

/// Routes: GET /hello, GET /items/{id}, GET /items/special, POST /echo (buffered), POST /nobody (body
/// dropped), POST /upload (streamed), GET /slow (waits 300 ms), GET /alive (on the loop), GET /ready (on the
/// reserve), GET /fails (throws), GET /later (503), POST /guarded (streamed, admits only with `X-Key: yes`),
/// POST /guarded-echo (the same, buffered), GET /empty (204), GET /large (4 MiB), GET /live (says what live_
/// says; "beat" after 100 ms of silence).
class ServerTest : public ::testing::Test {
 protected:
  void serve(ServerOptions options = default_options());
  static ServerOptions default_options();
  RawClient client() const { return RawClient(server_->address()); }
  RawClient client_from(const char* source) const { return RawClient(server_->address(), source); }
  std::string get(const std::string& path) const;

  SinkLog sink_;
  LiveLog live_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;

 private:
  std::vector<Route> routes();
};

}  // namespace adit::http::test
