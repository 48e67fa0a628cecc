#include "warehouse/host/hosted_rows.h"

#include <utility>

namespace adit {
namespace {

using Rows = std::vector<std::vector<Cell>>;

class HostedRows final : public RowStream {
 public:
  HostedRows(PoolLease<EngineHost> host, const Clock& clock) : host_(std::move(host)), clock_(clock) {}
  ~HostedRows() override {
    if (!opened_) return;
    if (next_) {
      host_->cancel(opened_->number());
      static_cast<void>(next_->wait());
    }
    const auto number = opened_->number();
    opened_.reset();
    static_cast<void>(host_->ask(EndQueryRequest{number}));
  }

  Result<void> open(const QueryRequest& request, const std::stop_token& stop) {
    const OpenQueryRequest question{request};
    ADIT_TRY(auto opening, host_->send(question.kKind, question_bytes(clock_.now(), question), stop));
    ADIT_TRY(const auto answer, opening->wait());
    ADIT_TRY(columns_, read_answer<std::vector<ColumnInfo>>(answer.payload));
    // Under its number the stream is stopped for as long as it lives.
    opened_ = std::move(opening);
    return ask_ahead();
  }

  const std::vector<ColumnInfo>& columns() const override { return columns_; }

  Result<void> next(Rows& rows) override {
    rows.clear();
    if (!next_) return {};
    const auto answer = std::exchange(next_, nullptr)->wait();
    if (!answer) return answer.error();
    ADIT_TRY(auto part, read_answer<NextRowsRequest::Answer>(answer->payload));
    rows = std::move(part.rows);
    if (!rows.empty()) return ask_ahead();
    truncated_ = part.truncated;
    return {};
  }

  bool truncated() const override { return truncated_; }

 private:
  Result<void> ask_ahead() {
    const NextRowsRequest question{opened_->number()};
    ADIT_TRY(next_, host_->send(question.kKind, question_bytes(clock_.now(), question), {}));
    return {};
  }

  PoolLease<EngineHost> host_;
  const Clock& clock_;
  std::unique_ptr<EngineHost::Question> opened_;
  std::unique_ptr<EngineHost::Question> next_;
  std::vector<ColumnInfo> columns_;
  bool truncated_ = false;
};

}  // namespace

Result<std::unique_ptr<RowStream>> open_hosted_rows(PoolLease<EngineHost> host, const Clock& clock,
                                                    const QueryRequest& request, std::stop_token stop) {
  auto rows = std::make_unique<HostedRows>(std::move(host), clock);
  ADIT_CHECK(rows->open(request, stop));
  return std::unique_ptr<RowStream>(std::move(rows));
}

}  // namespace adit
