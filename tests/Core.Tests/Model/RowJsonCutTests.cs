using System.Text;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Model;

/// <summary>Images that are longer than what may be stored.</summary>
public sealed class RowJsonCutTests
{
    private const string Image =
        """{"id":7,"small":"a","large":"0123456789012345678901234567890123456789","wide":"ääääääääääääääääääää"}""";

    [Fact]
    public void What_fits_stays_as_it_is()
    {
        Assert.Equal(Image, RowJson.Cut(Image, Encoding.UTF8.GetByteCount(Image)));
        Assert.False(RowJson.IsCut(Image));
    }

    [Fact]
    public void The_longest_cells_go_first_and_leave_their_size()
    {
        var most = Encoding.UTF8.GetByteCount(Image);
        var one = RowJson.Cut(Image, most - 1);
        Assert.Equal("""{"id":7,"small":"a","large":{"$cut":"42"},"wide":"ääääääääääääääääääää"}""", one);
        var two = RowJson.Cut(Image, 10);
        Assert.Equal("""{"id":7,"small":"a","large":{"$cut":"42"},"wide":{"$cut":"42"}}""", two);
        Assert.True(RowJson.IsCut(one) && RowJson.IsCut(two));
    }

    [Fact]
    public void A_text_that_looks_like_a_cut_is_none_and_a_cut_is_no_row()
    {
        var schema = Rows.Schema(("c", LogicalType.Text));
        Assert.False(RowJson.IsCut("""{"c":"{\"$cut\":\"9\"}"}"""));
        Assert.Throws<FormatException>(() => RowJson.Read("""{"c":{"$cut":"9"}}""", schema));
    }
}
