using System.Text;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Model;

public sealed class CalendarTextTests
{
    private static IEnumerable<long> Edges()
    {
        long[] days = [0, 1, -1, 59, 60, -719_468, -719_469, -719_162, -719_163, 10_957, 2_932_896, 2_932_897, -141_428, 146_097, -146_097];
        foreach (var day in days)
        {
            yield return day;
            foreach (var rest in new long[] { 0, 1, 999_999, 1_000_000, 86_399_999_999 }) yield return day * 86_400_000_000 + rest;
        }
        foreach (var end in new[] { long.MinValue, long.MinValue + 1, long.MaxValue - 1, long.MaxValue }) yield return end;
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++) yield return random.NextInt64() >> random.Next(64);
        for (var i = 0; i < 20_000; i++) yield return -(random.NextInt64() >> random.Next(64));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        foreach (var value in Edges())
        {
            Assert.True(CalendarText.TryDate(Bytes(CalendarText.Date(value)), out var day) && day == value, $"day {value}");
            Assert.True(CalendarText.TryTime(Bytes(CalendarText.Time(value)), out var time) && time == value, $"time {value}");
            Assert.True(CalendarText.TryDateTime(Bytes(CalendarText.DateTime(value)), out var moment) && moment == value, $"moment {value}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("2023-02-29")]
    [InlineData("2023-13-01")]
    [InlineData("2023-00-10")]
    [InlineData("2023-1-01")]
    [InlineData("+2023-01-01")]
    [InlineData("-0000-01-01")]
    [InlineData("02023-01-01")]
    [InlineData("2023-01-01 ")]
    [InlineData("0000-00-00")]
    [InlineData("99999999999999999999-01-01")]
    public void No_other_text_is_a_date(string text) => Assert.False(CalendarText.TryDate(Bytes(text), out _));

    [Theory]
    [InlineData("")]
    [InlineData("1:00:00")]
    [InlineData("01:60:00")]
    [InlineData("01:00:00.")]
    [InlineData("01:00:00.10")]
    [InlineData("01:00:00.1234567")]
    [InlineData("-00:00:00")]
    public void No_other_text_is_a_time(string text) => Assert.False(CalendarText.TryTime(Bytes(text), out _));

    [Theory]
    [InlineData("2023-01-01")]
    [InlineData("2023-01-01 00:00:00")]
    [InlineData("2023-01-01T24:00:00")]
    [InlineData("2023-01-01T00:00:00Z")]
    [InlineData("Infinity")]
    public void No_other_text_is_a_moment(string text) => Assert.False(CalendarText.TryDateTime(Bytes(text), out _));

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    [Fact]
    public void The_written_form_is_the_text()
    {
        var random = new Random(7);
        var values = Edges().Concat(Enumerable.Range(-800_000, 40_000).Select(i => (long)i))
            .Concat(Enumerable.Range(0, 20_000).Select(_ => random.NextInt64(-80_000_000_000_000_000, 270_000_000_000_000_000)))
            .Concat(Enumerable.Range(0, 20_000).Select(_ => random.NextInt64(long.MinValue, long.MaxValue)))
            .Concat(Enumerable.Range(0, 5_000).Select(_ => random.NextInt64(-100_000, 500_000_000_000)))
            .Concat([-719_528, -719_529, 2_932_896, 2_932_897, 359_999_999_999, 360_000_000_000]);
        Span<byte> to = stackalloc byte[CalendarText.MostBytes];
        foreach (var value in values)
        {
            Assert.Equal(CalendarText.Date(value), Encoding.ASCII.GetString(to[..CalendarText.Date(value, to)]));
            Assert.Equal(CalendarText.Time(value), Encoding.ASCII.GetString(to[..CalendarText.Time(value, to)]));
            var moment = CalendarText.DateTime(value);
            Assert.Equal(moment, Encoding.ASCII.GetString(to[..CalendarText.DateTime(value, to)]));
            Assert.Equal(moment.EndsWith('y') ? moment : moment + "Z", Encoding.ASCII.GetString(to[..CalendarText.Instant(value, to)]));
        }
    }
}
