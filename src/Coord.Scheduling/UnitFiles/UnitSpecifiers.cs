using System.Text;

namespace Coord.Scheduling.UnitFiles;

/// <summary>The specifiers in values of unit files: <c>%n %N %p %i %%</c>.</summary>
public static class UnitSpecifiers
{
    /// <summary>Puts a unit's name and its parts in the place of specifiers. Never throws.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">
    /// The unit's name: <c>%n</c> the whole, <c>%N</c> without its suffix, <c>%p</c> the prefix, <c>%i</c> the
    /// instance.
    /// </param>
    /// <param name="expanded">The value without specifiers, if all are known.</param>
    /// <param name="error">Which one is not, in one sentence for people.</param>
    public static bool TryExpand(string value, UnitNameParts name, out string expanded, out string error)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(name);
        expanded = value;
        error = "";
        if (!value.Contains('%', StringComparison.Ordinal))
            return true;

        var text = new StringBuilder(value.Length);
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] != '%')
            {
                text.Append(value[i]);
                continue;
            }

            string? part = ++i < value.Length ? Part(value[i], name) : null;
            if (part is null)
            {
                string what = i < value.Length ? $"%{value[i]} is not a known specifier" : "A value ends in a single %";
                error = $"{what}; known are %n, %N, %p and %i, and %% stands for one %.";
                return false;
            }

            text.Append(part);
        }

        expanded = text.ToString();
        return true;
    }

    private static string? Part(char specifier, UnitNameParts name) => specifier switch
    {
        'n' => name.Full.Value,
        'N' => name.Name,
        'p' => name.Prefix,
        'i' => name.Instance,
        '%' => "%",
        _ => null,
    };
}
