#include "warehouse/duckdb/conversions.h"

#include <algorithm>

#include "warehouse/duckdb/exact_cast.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

std::string matches(const std::string& c, std::string_view pattern) {
  return "regexp_full_match(" + c + ", " + quote_literal(pattern) + ")";
}

std::string cast(const std::string& value, const StoredType& type) {
  return "CAST(" + value + " AS " + sql_name(type) + ")";
}

std::string try_cast(const std::string& value, const std::string& type) {
  return "TRY_CAST(" + value + " AS " + type + ")";
}

/// Sign and digits of a number's mantissa.
std::string mantissa(const std::string& c) {
  return "replace(split_part(lower(" + c + "), 'e', 1), '.', '')";
}

/// The number of digits of a number's mantissa without leading zeros.
std::string significant_digits(const std::string& c) { return "length(ltrim(" + mantissa(c) + ", '+-0'))"; }

std::string bare_digits(const std::string& c) { return "trim(" + mantissa(c) + ", '+-0')"; }

/// Whether a number's text has the digits of `t`, the double or decimal that is read from it. The engine
/// prints a double with as few as give it back. What is rounded, to zero or to infinity as well, has others.
std::string has_digits_of(const std::string& c, const std::string& t) {
  return bare_digits(c) + " = " + bare_digits("CAST(" + t + " AS VARCHAR)");
}

/// The same, or the digits of a double that is printed with 16 or 17 of them, whatever it needs.
std::string has_printed_digits_of(const std::string& c, const std::string& t) {
  return "(" + has_digits_of(c, t) + " OR " + bare_digits(c) + " IN (" +
         bare_digits("format('{:.15e}', " + t + ")") + ", " + bare_digits("format('{:.16e}', " + t + ")") +
         "))";
}

/// A CASE, since an AND may be computed on both sides, for every text of a column.
std::string where(const std::string& condition, const std::string& fits) {
  return "CASE WHEN " + condition + " THEN " + fits + " ELSE false END";
}

std::vector<ConversionBranch> text_to_integer(const ConversionNames& n, TextRule rule) {
  std::vector<ConversionBranch> branches{{n.t + "::VARCHAR = " + n.c, n.t}};
  if (rule == TextRule::kLenient) {
    branches.push_back({matches(n.c, R"([+-]?\d+(\.0*)?)") + " AND " + n.t + " IS NOT NULL", n.t});
  }
  return branches;
}

constexpr std::string_view kPlainInteger = R"(-?(0|[1-9]\d*))";

/// What makes a plain integer a fraction, or tens. Programs that print tens without a point print their sign.
std::string fraction_pattern(TextRule rule, int exponent_digits_max) {
  const auto digits = R"(\d{1,)" + std::to_string(exponent_digits_max) + "}";
  const std::string sign = rule == TextRule::kGuessed ? "[+-]" : "[+-]?";
  return R"((\.\d+([eE][+-]?)" + digits + ")?|[eE]" + sign + digits + ")";
}

/// No integer: a long one is an id, and not every id's digits are a double's.
std::string is_plain_fraction(const std::string& c, TextRule rule) {
  return matches(c, std::string(kPlainInteger) + fraction_pattern(rule, 3));
}

std::vector<ConversionBranch> text_to_float(const ConversionNames& n, TextRule rule) {
  const auto printed = n.t + "::VARCHAR = " + n.c;
  // Zero has two signs.
  if (rule == TextRule::kKey)
    return {{printed + " AND " + matches(n.c, R"(-?\d+\.\d+)") + " AND " + n.c + " <> '-0.0'", n.t}};
  const auto integer = try_cast(n.c, "BIGINT");
  const auto exact_integer = within_exact_double(integer);
  if (rule != TextRule::kLenient) {
    const auto plain = matches(n.c, std::string(kPlainInteger) + fraction_pattern(rule, 2) + "?");
    return {{"length(" + n.c + ") <= 15 AND " + plain, n.t},
            {"isfinite(" + n.t + ") AND " + printed, n.t},  // no pattern: quick
            {plain + " AND " + significant_digits(n.c) + " <= 15", n.t},
            {integer + "::VARCHAR = " + n.c + " AND " + exact_integer, n.t},
            {where(is_plain_fraction(n.c, rule), has_digits_of(n.c, n.t)), n.t}};
  }
  const auto finite = " AND isfinite(" + n.t + ")";
  const auto number = matches(n.c, R"([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?)") + finite;
  // Exponents of two digits end long before doubles become rough, and zero.
  const auto near = matches(n.c, R"([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?)") + finite;
  const auto digits_alone = matches(n.c, R"([+-]?\d+)");
  const auto word = "lower(" + n.c + ") IN ('nan', 'inf', '-inf', 'infinity', '-infinity')";
  return {{near + " AND length(" + n.c + ") <= 15", n.t},
          {printed, n.t},  // no pattern: quick
          {where(number + " AND NOT " + digits_alone, has_printed_digits_of(n.c, n.t)), n.t},
          {digits_alone + " AND " + exact_integer, n.t},
          {word, n.t}};
}

std::vector<ConversionBranch> text_to_decimal(const ConversionNames& n, const StoredType& to, TextRule rule) {
  if (rule == TextRule::kKey) return {{n.t + "::VARCHAR = " + n.c, n.t}};
  const auto fraction = std::to_string(to.scale);
  return {{matches(n.c, R"(-?(0|[1-9]\d*)(\.\d{0,)" + fraction + R"(}0*)?)") + " AND " + n.t + " IS NOT NULL",
           n.t},
          {where(is_plain_fraction(n.c, rule), has_digits_of(n.c, n.t)), n.t}};
}

std::vector<ConversionBranch> text_to_boolean(const ConversionNames& n, TextRule rule) {
  std::vector<ConversionBranch> branches{{n.c + " = 'true'", "true"}, {n.c + " = 'false'", "false"}};
  if (rule == TextRule::kKey) return branches;
  branches.push_back({"lower(" + n.c + ") = 'true'", "true"});
  branches.push_back({"lower(" + n.c + ") = 'false'", "false"});
  if (rule == TextRule::kLenient) {
    branches.push_back({n.c + " = '1'", "true"});
    branches.push_back({n.c + " = '0'", "false"});
  }
  return branches;
}

std::vector<ConversionBranch> text_to_date(const ConversionNames& n, TextRule rule) {
  std::vector<ConversionBranch> branches{{"length(" + n.c + ") = 10 AND " + n.t + "::VARCHAR = " + n.c, n.t}};
  if (rule == TextRule::kLenient) {
    const auto moment = try_cast(n.c, "TIMESTAMP");
    branches.push_back(
        {matches(n.c, R"(\d{4}-\d\d-\d\d[T ]00:00(:00(\.0+)?)?Z?)") + " AND " + moment + " IS NOT NULL",
         "CAST(" + moment + " AS DATE)"});
  }
  return branches;
}

std::vector<ConversionBranch> text_to_moment(const ConversionNames& n, const StoredType& to, TextRule rule) {
  const bool nanoseconds = to.kind == TypeKind::kDateTimeNs;
  const std::string digits = nanoseconds ? R"(\d{1,9})" : R"(\d{1,6}0*)";
  const std::string seconds = R"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.)" + digits + ")?";
  const auto zoned = try_cast(n.c, "TIMESTAMPTZ");
  // Nanoseconds begin within a day. A zone may move a moment into it, which the engine fails to print.
  const auto known = " AND " + n.t + (nanoseconds ? " >= TIMESTAMP_NS '1677-09-22'" : " IS NOT NULL");
  std::vector<ConversionBranch> branches;
  if (!nanoseconds) branches.push_back({"length(" + n.c + ") >= 19 AND " + n.t + "::VARCHAR = " + n.c, n.t});
  branches.push_back({matches(n.c, seconds) + known, n.t});
  branches.push_back({matches(n.c, R"(\d{4}-\d\d-\d\d)") + known, n.t});
  if (rule == TextRule::kLenient)
    branches.push_back({matches(n.c, R"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)") + known, n.t});
  const auto in_zone = matches(n.c, seconds + R"((Z|[+-](0\d|1[0-5])(:[0-5]\d)?))");
  // A TIMESTAMP is read without its zone, a TIMESTAMP_NS with it.
  branches.push_back(nanoseconds ? ConversionBranch{in_zone + known, n.t}
                                 : ConversionBranch{in_zone + " AND " + zoned + " IS NOT NULL",
                                                    "CAST(" + zoned + " AS TIMESTAMP)"});
  return branches;
}

std::vector<ConversionBranch> text_to_time(const ConversionNames& n, const std::string& fraction) {
  return {{matches(n.c, R"(\d\d:\d\d(:\d\d(\.)" + fraction + ")?)?") + " AND " + n.t + " IS NOT NULL", n.t}};
}

/// What Parquet files may have: nanoseconds.
bool is_time_ns(const StoredType& type) { return type.kind == TypeKind::kOther && type.other == "TIME_NS"; }

std::vector<ConversionBranch> text_branches(const ConversionNames& n, const StoredType& to, TextRule rule) {
  switch (to.kind) {
    case TypeKind::kInteger:
      return text_to_integer(n, rule);
    case TypeKind::kFloat:
      return text_to_float(n, rule);
    case TypeKind::kDecimal:
      return text_to_decimal(n, to, rule);
    case TypeKind::kBoolean:
      return text_to_boolean(n, rule);
    case TypeKind::kDate:
      return text_to_date(n, rule);
    case TypeKind::kTime:
      return text_to_time(n, R"(\d{1,6}0*)");
    case TypeKind::kDateTime:
    case TypeKind::kDateTimeNs:
      return text_to_moment(n, to, rule);
    case TypeKind::kString:
      return {{"", n.c}};
    case TypeKind::kOther:
      if (is_time_ns(to)) return text_to_time(n, R"(\d{1,9}0*)");
      return {{n.t + "::VARCHAR = " + n.c, n.t}};
  }
  return {};
}

/// SQL that reads a Parquet column as its natural type.
std::string natural_source(const std::string& reference, std::string_view engine_type,
                           const StoredType& natural) {
  for (const auto* nested : {"LIST", "STRUCT", "MAP", "ARRAY", "UNION"}) {
    if (engine_type == nested) return "CAST(to_json(" + reference + ") AS VARCHAR)";
  }
  if (engine_type == "BLOB" || engine_type == sql_name(natural)) return reference;
  return cast(reference, natural);
}

bool is_number(TypeKind kind) {
  return kind == TypeKind::kInteger || kind == TypeKind::kFloat || kind == TypeKind::kDecimal;
}

/// Branches from one natural type to another; none: no value fits.
std::vector<ConversionBranch> native_branches(const ConversionNames& n, const StoredType& from,
                                              const StoredType& to, TextRule rule) {
  if (from == to) return {{"", n.c}};
  if (from.kind == TypeKind::kString) return text_branches(n, to, rule);
  if (to.kind == TypeKind::kString) return {{"", "CAST(" + n.c + " AS VARCHAR)"}};
  if (is_number(from.kind) && is_number(to.kind)) return {{cast_is_exact(n.c, n.t, from, to), n.t}};
  if (from.kind == TypeKind::kDateTimeNs && to.kind == TypeKind::kDateTime) {
    return {{"epoch_ns(" + n.c + ") % 1000 = 0", cast(n.c, to)}};
  }
  const bool moments =
      (from.kind == TypeKind::kDate || from.kind == TypeKind::kDateTime ||
       from.kind == TypeKind::kDateTimeNs) &&
      (to.kind == TypeKind::kDate || to.kind == TypeKind::kDateTime || to.kind == TypeKind::kDateTimeNs);
  const bool times =
      (is_time_ns(from) && to.kind == TypeKind::kTime) || (from.kind == TypeKind::kTime && is_time_ns(to));
  if (moments || times) return {{cast_is_exact(n.c, n.t, from, to), n.t}};
  return {};
}

/// A column of nulls still passes where no value would.
void close_branches(Conversion& conversion, const StoredType& to) {
  if (conversion.branches.empty())
    conversion.branches.push_back({"false", "CAST(NULL AS " + sql_name(to) + ")"});
  if (conversion.always_fits()) conversion.helper.clear();
}

}  // namespace

std::string Conversion::fits() const {
  if (always_fits()) return "true";
  std::string all;
  for (const auto& branch : branches) {
    if (!all.empty()) all += " OR ";
    all += "(" + branch.condition + ")";
  }
  return "(" + all + ")";
}

Conversion text_conversion(const ConversionNames& names, const StoredType& to, TextRule rule) {
  Conversion conversion{.source = names.reference, .helper = {}, .branches = text_branches(names, to, rule)};
  if (to.kind != TypeKind::kString && to.kind != TypeKind::kBoolean) {
    conversion.helper = try_cast(names.reference, sql_name(to));
  }
  close_branches(conversion, to);
  return conversion;
}

Conversion native_conversion(const ConversionNames& names, std::string_view engine_type, const StoredType& to,
                             TextRule rule) {
  const auto natural = natural_type(engine_type);
  Conversion conversion{
      .source = natural_source(names.reference, engine_type, natural), .helper = {}, .branches = {}};
  if (engine_type == "BLOB") {
    conversion.helper = "TRY(decode(" + names.reference + "))";
    if (to.kind == TypeKind::kString) conversion.branches.push_back({names.t + " IS NOT NULL", names.t});
  } else {
    conversion.branches = native_branches(names, natural, to, rule);
    if (natural != to && to.kind != TypeKind::kString && to.kind != TypeKind::kBoolean) {
      conversion.helper = natural.kind == TypeKind::kString ? try_cast(conversion.source, sql_name(to))
                                                            : exact_cast(conversion.source, natural, to);
    }
  }
  close_branches(conversion, to);
  return conversion;
}

}  // namespace adit
