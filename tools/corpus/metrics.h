// The metrics that the generated jobs measure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace jobferry::corpus {

enum class Scope : std::uint8_t { node, socket, memory_domain, core, hwthread, accelerator };

inline constexpr std::array<std::string_view, 6> scope_names = {"node", "socket",   "memoryDomain",
                                                                "core", "hwthread", "accelerator"};

inline std::string_view name_of(Scope scope) { return scope_names[static_cast<std::size_t>(scope)]; }

// How the numbers of a metric look.
enum class Style : std::uint8_t { hundredths, whole, ratio, sparse };

constexpr int decimals_of(Style style) { return style == Style::whole ? 0 : style == Style::ratio ? 6 : 2; }
constexpr std::int64_t scale_of(Style style) {
  return style == Style::whole ? 1 : style == Style::ratio ? 1'000'000 : 100;
}

struct Metric {
  std::string_view name;
  std::string_view unit;          // in version 0
  std::string_view base, prefix;  // in later versions
  Scope scope;                    // the finest at which it is measured
  bool sums;
  Style style;
  std::int64_t level, peak;  // a typical value and the largest one
  std::string_view footprint{}, energy{};
};

inline constexpr Metric metrics[] = {
    {"cpu_load", "load", "load", "", Scope::node, false, Style::hundredths, 18, 72, "avg"},
    {"mem_used", "GB", "B", "G", Scope::node, true, Style::hundredths, 24, 256, "max"},
    {"flops_any", "GF/s", "F/s", "G", Scope::hwthread, true, Style::hundredths, 224, 5600, "avg"},
    {"flops_dp", "GF/s", "F/s", "G", Scope::hwthread, true, Style::sparse, 2, 2800},
    {"mem_bw", "GB/s", "B/s", "G", Scope::memory_domain, true, Style::hundredths, 63, 350, "avg"},
    {"ipc", "IPC", "IPC", "", Scope::hwthread, false, Style::ratio, 1, 4},
    {"clock", "MHz", "Hz", "M", Scope::hwthread, false, Style::hundredths, 2597, 3000},
    {"cpu_power", "W", "W", "", Scope::socket, true, Style::hundredths, 227, 500, "", "power"},
    {"ib_recv_pkts", "packets/s", "packets/s", "", Scope::node, true, Style::whole, 48'210, 400'000},
    {"net_bw", "bit/s", "bit/s", "", Scope::node, false, Style::whole, 90'400,
     10'000'000},  // rule U does not know this unit
    {"cpu_user", "%", "%", "", Scope::hwthread, false, Style::hundredths, 88, 100},
    {"acc_utilization", "%", "%", "", Scope::accelerator, false, Style::whole, 71, 100},
    {"acc_mem_used", "GB", "B", "G", Scope::accelerator, true, Style::hundredths, 12, 80},
    {"acc_power", "W", "W", "", Scope::accelerator, true, Style::hundredths, 310, 450, "", "power"},
};

}  // namespace jobferry::corpus
