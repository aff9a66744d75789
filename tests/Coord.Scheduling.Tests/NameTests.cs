namespace Coord.Scheduling.Tests;

/// <summary>The names of units and nodes: what fleet and systemd allow, and nothing else.</summary>
public sealed class NameTests
{
    [Theory]
    [InlineData("web.service", true)]
    [InlineData("web@1.service", true)]
    [InlineData("a:b_c.d@e\\x2d-f", true)]
    [InlineData("", false)]
    [InlineData("web service", false)]
    [InlineData("web/1", false)]
    [InlineData("wéb", false)]
    [InlineData("web\n", false)]
    public void A_units_name_has_the_characters_of_systemd(string name, bool isValid)
    {
        Assert.Equal(isValid, UnitName.IsValid(name));
        if (isValid)
            Assert.Equal(name, new UnitName(name).ToString());
        else
            Assert.Throws<ArgumentException>(() => new UnitName(name));
    }

    [Fact]
    public void A_name_has_at_most_its_length()
    {
        Assert.True(UnitName.IsValid(new string('a', UnitName.MaxLength)));
        Assert.False(UnitName.IsValid(new string('a', UnitName.MaxLength + 1)));
        Assert.True(NodeName.IsValid(new string('a', NodeName.MaxLength)));
        Assert.False(NodeName.IsValid(new string('a', NodeName.MaxLength + 1)));
    }

    [Fact]
    public void Slots_are_ordered_by_unit_and_then_by_number_not_by_text()
    {
        SlotId[] slots = [new(new("b"), 0), new(new("a"), 10), new(new("a"), 9)];
        Assert.Equal(["a/9", "a/10", "b/0"], slots.Order().Select(slot => slot.ToString()));
    }
}
