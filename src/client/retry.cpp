#include "client/retry.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>
#include <thread>

namespace adit::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStopCheckInterval{50};

}  // namespace

std::optional<milliseconds> Retry::next_wait(std::optional<std::chrono::seconds> retry_after) {
  auto wait = policy_.first;
  for (int i = 0; i < attempts_ && wait < policy_.longest; ++i) wait *= 2;
  wait = std::min(wait, policy_.longest);
  ++attempts_;
  wait =
      milliseconds(std::uniform_int_distribution<milliseconds::rep>(wait.count() / 2, wait.count())(random_));
  if (retry_after) wait = std::max<milliseconds>(wait, *retry_after);
  const auto gone = std::chrono::steady_clock::now() - start_;
  if (gone + wait > policy_.total) return std::nullopt;
  return wait;
}

bool Retry::wait(const Error& error, std::optional<std::chrono::seconds> retry_after) {
  const auto time = next_wait(retry_after);
  if (!time) return false;
  if (on_retry_) on_retry_(error, *time);
  return sleep_unless(stop_, *time);
}

bool is_passing(int status) {
  return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

bool is_passing(ErrorKind kind) { return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout; }

bool sleep_unless(const StopQuestion& stop, milliseconds time) {
  const auto stopped = [&stop] { return stop && stop(); };
  const auto end = std::chrono::steady_clock::now() + time;
  while (!stopped()) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    std::this_thread::sleep_for(std::min(left, kStopCheckInterval));
  }
  return false;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                      std::chrono::system_clock::time_point now) {
  constexpr std::int64_t kSecondsMax = 366L * 86'400;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= 0) {
    return std::chrono::seconds(std::min(seconds, kSecondsMax));
  }
  std::tm parts{};
  const std::string date(text);
  const char* rest = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const auto then = std::chrono::system_clock::from_time_t(::timegm(&parts));
  return std::max(std::chrono::seconds(0), std::chrono::ceil<std::chrono::seconds>(then - now));
}

}  // namespace adit::client
