using Pawl.Jobs;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("250", 250)]
    [InlineData("100k", 100_000)]
    [InlineData("100K", 100_000)]
    [InlineData("2M", 2_000_000)]
    [InlineData("1.5M", 1_500_000)]
    [InlineData("0.001k", 1)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_count_is_read_in_thousands_and_millions(string text, long expected) => Assert.Equal(expected, Quantity.Count(text));

    [Theory]
    [InlineData("")]
    [InlineData("k")]
    [InlineData("2m")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1.0005k")]
    [InlineData(".5k")]
    [InlineData("1.k")]
    [InlineData("1e3")]
    [InlineData("1 k")]
    [InlineData("1_000")]
    [InlineData("0x10")]
    [InlineData("９")]
    [InlineData("9223372036854775808")]
    [InlineData("9223372036854775k9")]
    [InlineData("9999999999999999M")]
    [InlineData("99999999999999999999999999999999999999999")]
    public void What_is_no_whole_number_is_no_count(string text) => Assert.Null(Quantity.Count(text));

    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("1B", 1)]
    [InlineData("512KB", 512L << 10)]
    [InlineData("64MB", 64L << 20)]
    [InlineData("64mb", 64L << 20)]
    [InlineData("1GB", 1L << 30)]
    [InlineData("1.5GB", 3L << 29)]
    [InlineData("1TB", 1L << 40)]
    public void A_size_is_read_in_powers_of_1024(string text, long expected) => Assert.Equal(expected, Quantity.Size(text));

    [Theory]
    [InlineData("64M")]
    [InlineData("64MiB")]
    [InlineData("0.3B")]
    [InlineData("-1MB")]
    [InlineData("9999999999TB")]
    public void What_has_no_byte_unit_is_no_size(string text) => Assert.Null(Quantity.Size(text));

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("0.5s", 500)]
    [InlineData("5m", 300_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    public void A_duration_has_a_unit(string text, long ms) => Assert.Equal(TimeSpan.FromMilliseconds(ms), Quantity.Duration(text));

    [Theory]
    [InlineData("10")]
    [InlineData("10S")]
    [InlineData("1h30m")]
    [InlineData("0.5ms")]
    [InlineData("3651d")]
    [InlineData("s")]
    public void What_has_no_unit_of_time_is_no_duration(string text) => Assert.Null(Quantity.Duration(text));

    [Fact]
    public void A_range_has_two_ends()
    {
        Assert.Equal(new DurationRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)), Quantity.Range("1s..60s"));
        Assert.Equal(new DurationRange(TimeSpan.FromMilliseconds(1500), TimeSpan.FromHours(1)), Quantity.Range("1.5s..1h"));
        Assert.All((string[])["1s", "1s..", "..1s", "1s...2s", "1..2", ""], t => Assert.Null(Quantity.Range(t)));
    }

    [Fact]
    public void What_is_written_reads_back_as_the_same()
    {
        var random = new Random(7);
        for (var i = 0; i < 2_000; i++)
        {
            long[] units = [1, 1_000, 1_024, 1_000_000, 1_048_576];
            var n = random.NextInt64(0, 1L << random.Next(1, 50)) * units[random.Next(units.Length)] & ((1L << 52) - 1);
            Assert.Equal(n, Quantity.Count(Quantity.WriteCount(n)));
            Assert.Equal(n, Quantity.Size(Quantity.WriteSize(n)));
            var time = TimeSpan.FromMilliseconds(n % 300_000_000_000);
            Assert.Equal(time, Quantity.Duration(Quantity.WriteDuration(time)));
        }
        Assert.Equal(("50k", "64MB"), (Quantity.WriteCount(50_000), Quantity.WriteSize(64 << 20)));
        Assert.Equal(("90s", "2h"), (Quantity.WriteDuration(TimeSpan.FromSeconds(90)), Quantity.WriteDuration(TimeSpan.FromHours(2))));
    }
}
