#include "warehouse/host/engine_host.h"

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"

namespace adit {
namespace {

constexpr std::chrono::seconds kConfigureTimeout{30};
constexpr std::chrono::seconds kExitTimeout{5};

Error ended(std::string_view how) {
  return {
      ErrorKind::kUnavailable,
      "The pool's engine ended while it worked on this and is being started again. Try again in a moment.",
      "the engine's process ended with " + std::string(how)};
}

Error canceled() { return {ErrorKind::kCanceled, "The work was canceled."}; }

/// Memory that only this process has; 0 when it is gone. Of /proc/PID/statm: resident less shared pages.
std::uint64_t own_resident_bytes(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  statm >> size >> resident >> shared;
  if (!statm || resident < shared) return 0;
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string name_of(const HostConfiguration& configuration) {
  return configuration.role == HostRole::kInspector ? "uploads" : configuration.pool.to_string();
}

}  // namespace

std::string EngineHost::name() const { return name_of(start_.configuration); }

EngineHost::EngineHost(pid_t pid, FileHandle socket, HostStart start, const Clock& clock, Metrics& metrics)
    : start_(std::move(start)),
      clock_(clock),
      metrics_(metrics),
      process_(pid),
      channel_(std::move(socket)) {}

Result<std::unique_ptr<EngineHost>> EngineHost::start(HostStarter& starter, HostStart start,
                                                      const Clock& clock, Metrics& metrics) {
  ADIT_TRY(auto ends, make_socket_pair());
  const auto name = name_of(start.configuration);
  ADIT_TRY(const auto pid, starter.start(name, ends.second));
  ends.second = FileHandle();  // the end of the other process is the end of the connection
  std::unique_ptr<EngineHost> host(
      new EngineHost(pid, std::move(ends.first), std::move(start), clock, metrics));
  const ConfigureRequest request{host->start_.configuration};
  ADIT_TRY(const auto question, host->send(request.kKind, question_bytes(clock.now(), request), {}));
  const auto answer = question->wait(std::chrono::steady_clock::now() + kConfigureTimeout);
  const auto configured = answer ? read_answer<ConfigureRequest::Answer>(answer->payload) : answer.error();
  if (!configured || configured->protocol != kHostProtocol) {
    host->kill("it did not take its configuration");
    return configured ? internal("an engine's process of another build") : configured.error();
  }
  metrics.engine_hosts_started.Increment();
  metrics.engine_files_confined.Set(configured->files_confined ? 1 : 0);
  log::info("engine.started", {{"pool", name}, {"pid", pid}, {"files_confined", configured->files_confined}});
  return host;
}

EngineHost::~EngineHost() {
  closing_ = true;
  if (!dead_) {
    const CloseRequest request;
    const auto deadline = std::chrono::steady_clock::now() + start_.close_timeout;
    const auto question = send(request.kKind, question_bytes(clock_.now(), request), {}, deadline);
    const auto answer = question ? (*question)->wait(deadline) : question.error();
    const auto figures = answer ? read_answer<HostFigures>(answer->payload) : answer.error();
    if (figures) take(*figures);
    if (!figures) {
      log::warning("engine.not_closed",
                   {{"pool", name()}, {"pid", pid()}, {"why", figures.error().internal_detail}});
    }
    // The end of the connection is what ends it.
    channel_.shut_down();
    if (figures) process_.wait(kExitTimeout);
  }
  process_.kill();
  auto counted = counted_.lock();
  metrics_.wal_bytes.Decrement(static_cast<double>(counted->wal_bytes));
}

Result<void> EngineHost::send_first(MessageKind kind, std::uint64_t number, std::string_view payload,
                                    int descriptor, Deadline deadline) {
  const auto hangs_at = std::chrono::steady_clock::now() + start_.send_timeout;
  const bool patient = !deadline || *deadline >= hangs_at;
  auto sent = channel_.send(kind, number, payload, descriptor, patient ? hangs_at : *deadline);
  if (sent || sent.error().kind != ErrorKind::kTimeout || !patient) return sent;
  kill("it did not read what it was sent");
  return ended(process_.end());
}

Result<std::unique_ptr<EngineHost::Question>> EngineHost::send(MessageKind kind, const std::string& payload,
                                                               const std::stop_token& stop,
                                                               Deadline deadline) {
  if (stop.stop_requested()) return canceled();
  auto waiting = std::make_shared<Waiting>();
  std::uint64_t number = 0;
  {
    auto state = state_.lock();
    if (dead_) return ended(process_.end());
    number = ++state->last_number;
    state->waiting.emplace(number, waiting);
  }
  auto question = std::make_unique<Question>(*this, number, std::move(waiting));
  const auto sent = send_first(kind, number, payload, -1, deadline);
  if (!sent && sent.error().kind != ErrorKind::kUnavailable) return sent.error();
  // Whoever reads finds the end of the connection, and answers for all.
  if (stop.stop_possible()) question->watch(stop);
  return question;
}

Result<Message> EngineHost::call(MessageKind kind, const std::string& payload, const std::stop_token& stop,
                                 Deadline deadline) {
  if (stop.stop_requested()) return canceled();
  if (dead_) return ended(process_.end());
  ADIT_TRY(auto line, take_line(deadline));
  auto answer = ask_on(*line, kind, payload, stop, deadline);
  // An answer that nobody has waited for may come on it yet.
  const bool in_use = !answer && answer.error().kind == ErrorKind::kTimeout;
  if (!dead_ && !in_use) idle_lines_.lock()->push_back(std::move(line));
  return answer;
}

Result<std::unique_ptr<Channel>> EngineHost::take_line(Deadline deadline) {
  {
    auto idle = idle_lines_.lock();
    if (!idle->empty()) {
      auto line = std::move(idle->back());
      idle->pop_back();
      return line;
    }
  }
  ADIT_TRY(auto ends, make_socket_pair());
  const auto sent = send_first(MessageKind::kLine, kEveryQuestion, {}, ends.second.get(), deadline);
  if (!sent && sent.error().kind == ErrorKind::kTimeout) return sent.error();
  if (!sent) {
    kill(sent.error().internal_detail);
    return ended(process_.end());
  }
  return std::make_unique<Channel>(std::move(ends.first));
}

Result<Message> EngineHost::ask_on(Channel& line, MessageKind kind, const std::string& payload,
                                   const std::stop_token& stop, Deadline deadline) {
  const auto number = ++state_.lock()->last_number;
  const auto sent = line.send(kind, number, payload, -1, deadline);
  if (!sent && sent.error().kind != ErrorKind::kUnavailable) return sent.error();
  const std::stop_callback pass_on(stop, [&] { cancel(number); });
  for (;;) {
    auto answer = line.receive(deadline);
    if (!answer && answer.error().kind == ErrorKind::kTimeout) return answer;
    if (!answer) {
      kill(answer.error().internal_detail);
      return ended(process_.end());
    }
    if (!asks_book(answer->kind)) return answer;
    // A process that is gone shows at the next look at the socket.
    static_cast<void>(line.send(MessageKind::kBookAnswer, answer->number, answer_of_book(*answer)));
  }
}

EngineHost::Question::~Question() {
  callback_.reset();
  host_.state_.lock()->waiting.erase(number_);
}

Result<Message> EngineHost::Question::wait(Deadline deadline) { return host_.wait(*waiting_, deadline); }

Result<Message> EngineHost::wait(Waiting& waiting, Deadline deadline) {
  auto state = state_.lock();
  while (!waiting.answer) {
    if (deadline && std::chrono::steady_clock::now() >= *deadline) {
      hand_on_reading(*state);
      return Error{ErrorKind::kTimeout, "The pool's engine does not answer."};
    }
    if (dead_) return ended(process_.end());
    if (!state->reading) {
      read_one(state, deadline);
      continue;
    }
    waiting.sleeps = true;
    if (deadline) {
      waiting.woken.wait_until(state.unique_lock(), *deadline);
    } else {
      waiting.woken.wait(state.unique_lock());
    }
    waiting.sleeps = false;
  }
  hand_on_reading(*state);
  return *std::move(waiting.answer);
}

void EngineHost::hand_on_reading(const State& state) const {
  if (state.reading || dead_) return;
  for (const auto& [number, waiting] : state.waiting) {
    if (!waiting->sleeps || waiting->answer) continue;
    return waiting->woken.notify_one();
  }
}

void EngineHost::read_one(Locked& state, Deadline deadline) {
  state->reading = true;
  state.unique_lock().unlock();
  auto message = channel_.receive(deadline);
  const bool of_host = message && asks_book(message->kind);
  if (of_host) {
    static_cast<void>(
        send_first(MessageKind::kBookAnswer, message->number, answer_of_book(*message), -1, {}));
  }
  state.unique_lock().lock();
  state->reading = false;
  if (of_host) return;
  if (!message && message.error().kind == ErrorKind::kTimeout) return;
  if (!message) return bury(state, message.error().internal_detail);
  const auto found = state->waiting.find(message->number);
  if (found == state->waiting.end()) return;  // nobody waits for it any more
  found->second->answer = *std::move(message);
  found->second->woken.notify_one();
}

std::string EngineHost::answer_of_book(const Message& question) const {
  const auto unreadable = internal("a question of an engine's process can't be read");
  if (question.kind == MessageKind::kBookLanded) {
    Result<BookLandedRequest::Answer> jobs = BookLandedRequest::Answer();
    const auto request = from_wire<BookLandedRequest>(question.payload);
    if (!request) jobs = unreadable;
    if (request && start_.book.landed) jobs = start_.book.landed(id(), request->after);
    return answer_bytes(jobs);
  }
  Result<BookPlanRequest::Answer> plan = BookPlanRequest::Answer();
  const auto request = from_wire<BookPlanRequest>(question.payload);
  if (!request) plan = unreadable;
  if (request && start_.book.plan) plan = start_.book.plan(id(), request->job);
  auto bytes = answer_bytes(plan);
  if (bytes.size() <= kMessageBytesMax) return bytes;
  // Without any answer it would wait for ever.
  return answer_bytes<BookPlanRequest::Answer>(
      Error{ErrorKind::kTooLarge, "A job that is to be landed again is larger than can be handed on.",
            std::to_string(bytes.size()) + " bytes in one message"});
}

void EngineHost::bury(Locked& state, std::string_view why) {
  if (dead_) return;
  channel_.shut_down();
  process_.kill();
  // A failpoint that ends the engine stands for a power cut, which would end the server too.
  if (failpoint_is_armed("warehouse.") && process_.signal() == SIGKILL) ::raise(SIGKILL);
  dead_ = true;
  if (!closing_) {
    metrics_.engine_hosts_died.Increment();
    log::error("engine.ended", {{"pool", name()}, {"pid", pid()}, {"end", process_.end()}, {"why", why}});
    if (start_.ended) start_.ended();
  }
  for (const auto& [number, waiting] : state->waiting) {
    if (!waiting->answer) waiting->answer = ended(process_.end());
    waiting->woken.notify_one();
  }
}

void EngineHost::look() {
  if (!channel_.has_ended()) return;
  auto state = state_.lock();
  // Whoever reads may have its last words still to read.
  if (!state->reading) bury(state, "the other side has closed the socket");
}

void EngineHost::kill(std::string_view why) {
  auto state = state_.lock();
  bury(state, why);
}

void EngineHost::cancel(std::uint64_t number) { channel_.send_soon(MessageKind::kCancel, number); }

void EngineHost::interrupt() { cancel(kEveryQuestion); }

std::unique_ptr<EngineHost::Question> EngineHost::ask_for_life(
    std::chrono::steady_clock::time_point deadline) {
  const FiguresRequest request;
  auto question = send(request.kKind, question_bytes(clock_.now(), request), {}, deadline);
  if (question) return *std::move(question);
  if (question.error().kind == ErrorKind::kTimeout) kill("it did not read in time");
  return nullptr;
}

void EngineHost::take_life(Question& question, std::chrono::steady_clock::time_point deadline) {
  const auto answer = question.wait(deadline);
  if (!answer && answer.error().kind == ErrorKind::kTimeout) return kill("it did not answer in time");
  if (!answer) return;
  if (const auto figures = read_answer<HostFigures>(answer->payload)) take(*figures);
}

void EngineHost::check_memory() {
  if (start_.resident_bytes_max > 0 && own_resident_bytes(pid()) > start_.resident_bytes_max)
    kill("it has taken more memory than its share");
}

void EngineHost::take(const HostFigures& figures) {
  auto counted = counted_.lock();
  // A process counts upwards; one that does not is not believed.
  const auto rise = [](std::uint64_t from, std::uint64_t to) {
    return to > from ? static_cast<double>(to - from) : 0;
  };
  metrics_.checkpoints.Increment(rise(counted->checkpoints, figures.checkpoints));
  metrics_.checkpoints_refused.Increment(rise(counted->checkpoints_refused, figures.checkpoints_refused));
  const auto short_of_memory = rise(counted->openings_short_of_memory, figures.openings_short_of_memory);
  metrics_.openings_short_of_memory.Increment(short_of_memory);
  if (short_of_memory > 0 && start_.short_of_memory) start_.short_of_memory();
  metrics_.wal_bytes.Increment(static_cast<double>(figures.wal_bytes) -
                               static_cast<double>(counted->wal_bytes));
  *counted = figures;
}

}  // namespace adit
