// Charts as inline SVG. Text keeps its size whatever the width of the page: all parts of a chart are
// placed in percent of it, and only lines are stretched.
#pragma once

#include <cstddef>

#include "report/chart_data.h"
#include "report/page/markup.h"

namespace jobferry {

// `number` tells the charts of a page apart.
void draw(Markup& out, const TimeChart& chart, std::size_t number);
void draw(Markup& out, const BarChart& chart, std::size_t number);

}  // namespace jobferry
