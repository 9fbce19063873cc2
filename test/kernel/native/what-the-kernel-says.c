/* What the aux vector and the processor say, as far as it does not depend on the machine. */
#include <cpuid.h>
#include <stdio.h>
#include <sys/auxv.h>

int main(void)
{
  unsigned a, b, c = 0, d;
  __get_cpuid(1, &a, &b, &c, &d);
  printf("cx16 %u\n", c >> 13 & 1);
  printf("platform %s\n", (const char *)getauxval(AT_PLATFORM));
  printf("frame of at least 1024: %d\n", getauxval(51) >= 1024);
  return 0;
}
