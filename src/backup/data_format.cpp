#include "backup/data_format.h"

#include <boost/json.hpp>
#include <system_error>

#include "base/file.h"

namespace adit {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kFormatBytesMax = 4096;

}  // namespace

Result<std::optional<DataFormat>> read_data_format(const DataLayout& layout) {
  const auto text = read_file(layout.format(), kFormatBytesMax);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<DataFormat>();
  if (!text) return text.error();
  boost::system::error_code failure;
  const auto parsed = json::parse(*text, failure);
  const auto* object = failure ? nullptr : parsed.if_object();
  const auto* number = object == nullptr ? nullptr : object->if_contains("format");
  const auto* writer = object == nullptr ? nullptr : object->if_contains("writtenBy");
  if (number == nullptr || !number->is_int64() || writer == nullptr || !writer->is_string()) {
    return invalid(
        "The file " + layout.format().string() +
        " can't be read. It says which version of adit may use the folder: {\"format\":1,\"writtenBy\":\"" +
        ADIT_VERSION + "\"} for this one. Take it from a backup, or write it again.");
  }
  return std::optional(DataFormat{static_cast<int>(number->get_int64()), std::string(writer->get_string())});
}

Result<void> check_data_format(const DataFormat& format, const std::string& where) {
  if (format.number <= kDataFormat) return {};
  return invalid(
      where + " has the format " + std::to_string(format.number) + " (format.json), written by adit " +
      format.written_by + "; this is adit " ADIT_VERSION ", which knows formats up to " +
      std::to_string(kDataFormat) +
      ". Start that version again, or restore a backup from before the upgrade into another folder. "
      "Nothing was changed.");
}

Result<void> settle_data_format(const DataLayout& layout) {
  std::error_code failure;
  if (std::filesystem::exists(layout.restoring(), failure)) {
    return invalid("A restore into " + layout.root.string() +
                   " was cut short, so that the folder is not whole. Empty it and restore again.");
  }
  ADIT_TRY(const auto format, read_data_format(layout));
  if (format) ADIT_CHECK(check_data_format(*format, "The data folder " + layout.root.string()));
  if (format && format->number == kDataFormat) return {};
  // Folders from before there was a format have the first one.
  const json::object text{{"format", kDataFormat}, {"writtenBy", ADIT_VERSION}};
  return replace_file(layout.format(), json::serialize(text) + "\n", 0600);
}

}  // namespace adit
