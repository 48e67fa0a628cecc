#include "warehouse/host/hosted_hold.h"

#include <utility>

namespace adit {
namespace {

class HostedHold final : public FilesHold {
 public:
  HostedHold(PoolLease<EngineHost> host, const Clock& clock) : host_(std::move(host)), clock_(clock) {}
  ~HostedHold() override { static_cast<void>(end()); }

  const FileHandle* main_file() const override { return nullptr; }

  Result<void> begin() {
    const HoldFilesRequest question;
    ADIT_TRY(const auto asked, host_->send(question.kKind, question_bytes(clock_.now(), question), {}));
    ADIT_TRY(const auto answer, asked->wait());
    ADIT_CHECK(read_answer<Nothing>(answer.payload));
    number_ = asked->number();
    return {};
  }

  Result<void> end() override {
    if (number_ == kEveryQuestion) return {};
    ADIT_CHECK(host_->ask(ReleaseFilesRequest{std::exchange(number_, kEveryQuestion)}));
    return {};
  }

 private:
  PoolLease<EngineHost> host_;
  const Clock& clock_;
  std::uint64_t number_ = kEveryQuestion;  ///< which is none
};

}  // namespace

Result<std::unique_ptr<FilesHold>> hold_hosted_files(PoolLease<EngineHost> host, const Clock& clock) {
  auto hold = std::make_unique<HostedHold>(std::move(host), clock);
  ADIT_CHECK(hold->begin());
  return std::unique_ptr<FilesHold>(std::move(hold));
}

}  // namespace adit
