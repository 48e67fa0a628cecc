// What an engine's process and the server read from each other. Input: the number of a kind of message, then
// its payload.
#include <string>

#include "fuzz/fuzz_target.h"
#include "warehouse/host/messages.h"

namespace {

using namespace adit;

/// What is taken is written again as it was.
template <class T>
void read(std::string_view bytes) {
  const auto value = from_wire<T>(bytes);
  if (!value) return;
  const auto again = to_wire(*value);
  const auto twice = from_wire<T>(again);
  fuzz::require(twice.has_value(), "what was read can be written and read again");
  // A set has no order, so that its bytes may stand in another one.
  fuzz::require(to_wire(*twice).size() == again.size(), "and says the same");
}

template <class Request>
void read_both(std::string_view bytes) {
  read<Request>(bytes);
  static_cast<void>(read_answer<typename Request::Answer>(bytes));
}

using Reader = void (*)(std::string_view);
constexpr Reader kReaders[] = {
    read_both<ConfigureRequest>,  read_both<InspectRequest>,     read_both<StageRequest>,
    read_both<LandRequest>,       read_both<CheckChangeRequest>, read_both<DiscardRequest>,
    read_both<LandedRequest>,     read_both<CheckpointRequest>,  read_both<TablesRequest>,
    read_both<ColumnsRequest>,    read_both<HoldFilesRequest>,   read_both<OpenQueryRequest>,
    read_both<NextRowsRequest>,   read_both<EndQueryRequest>,    read_both<QueryParquetRequest>,
    read_both<ProgressRequest>,   read_both<FiguresRequest>,     read_both<CloseRequest>,
    read_both<BookLandedRequest>, read_both<DropSchemaRequest>,  read_both<ReleaseFilesRequest>,
    read_both<TableBytesRequest>, read_both<BookPlanRequest>};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  kReaders[data[0] % std::size(kReaders)](adit::fuzz::text_of(data + 1, size - 1));
  return 0;
}
