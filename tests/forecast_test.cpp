#include "jobferry/forecast.h"
#include "trial.h"
namespace jobferry::test {
TEST(Forecast, Compiles) { (void)forecast({}, {}); }
}  // namespace jobferry::test
