#include "support/race.h"

#include <algorithm>

namespace adit::test {

void Race::start(const Server& server) {
  for (auto& racer : racers_) {
    threads_.emplace_back([this, &racer, http = std::make_shared<Http>(server.http())] {
      try {
        http->get("/healthz");
      } catch (const TransportError&) {  // then its request will say so as well
      }
      ++waiting_;
      waiting_.notify_all();
      go_.wait(false);
      std::this_thread::sleep_for(racer.pause);
      try {
        racer.answer = http->send(racer.request);
        ++answers_;
      } catch (const TransportError&) {
        racer.answer.reset();
      }
      ++through_;
      through_.notify_all();
    });
  }
  for (auto waiting = waiting_.load(); waiting < racers_.size(); waiting = waiting_.load())
    waiting_.wait(waiting);
  go_ = true;
  go_.notify_all();
}

void Race::wait_for_answers(std::size_t count) const {
  for (auto through = through_.load(); answers_ < count && through < racers_.size();
       through = through_.load())
    through_.wait(through);
}

std::vector<Racer> Race::finish() {
  threads_.clear();
  return std::move(racers_);
}

std::vector<Racer> race(const Server& server, std::vector<Racer> racers) {
  Race race(std::move(racers));
  race.start(server);
  return race.finish();
}

std::size_t answered(const std::vector<Racer>& racers, int status) {
  return static_cast<std::size_t>(
      std::ranges::count_if(racers, [status](const Racer& racer) { return racer.was(status); }));
}

}  // namespace adit::test
