using System.Text;

namespace Coord.Kv;

/// <summary>One version of one key. Immutable; equal to another with the same content.</summary>
/// <remarks>
/// Its memory is a copy, valid as long as anybody holds it, and must not be written. Keys of one answer can share a
/// piece of memory of up to 64 KiB; who keeps one key of many for long copies it.
/// </remarks>
public sealed class KeyValue : IEquatable<KeyValue>
{
    /// <summary>Creates a version of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; empty if only keys were asked for.</param>
    /// <param name="createRevision">When the key was last created.</param>
    /// <param name="modRevision">When it was last changed.</param>
    /// <param name="version">How often it has been put since it was created.</param>
    /// <param name="lease">The lease that it is attached to; none if it is not.</param>
    public KeyValue(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        Revision createRevision,
        Revision modRevision,
        long version,
        LeaseId lease = default)
    {
        Key = key;
        Value = value;
        CreateRevision = createRevision;
        ModRevision = modRevision;
        Version = version;
        Lease = lease;
    }

    /// <summary>Gets the key.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>Gets the value; empty if only keys were asked for, and in the event of a deletion.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>
    /// Gets the revision that created the key, after its last deletion; zero in the event of a deletion.
    /// </summary>
    public Revision CreateRevision { get; }

    /// <summary>Gets the revision that put this version, or deleted the key.</summary>
    public Revision ModRevision { get; }

    /// <summary>
    /// Gets how often the key was put since its creation: 1 for a new key; 0 in the event of a deletion.
    /// </summary>
    public long Version { get; }

    /// <summary>Gets the lease whose end deletes the key; none if it is not attached to one.</summary>
    public LeaseId Lease { get; }

    /// <summary>Gets the key as UTF-8 text.</summary>
    public string KeyString => Encoding.UTF8.GetString(Key.Span);

    /// <summary>Gets the value as UTF-8 text.</summary>
    public string ValueString => Encoding.UTF8.GetString(Value.Span);

    /// <inheritdoc/>
    public bool Equals(KeyValue? other) =>
        other is not null
        && ModRevision == other.ModRevision
        && CreateRevision == other.CreateRevision
        && Version == other.Version
        && Lease == other.Lease
        && Key.Span.SequenceEqual(other.Key.Span)
        && Value.Span.SequenceEqual(other.Value.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as KeyValue);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(ModRevision);
        hash.AddBytes(Key.Span);
        return hash.ToHashCode();
    }

    /// <summary>Returns a form for people, such as <c>a v2 r5</c>.</summary>
    public override string ToString() => $"{KeyText.Of(Key.Span)} v{Version} {ModRevision}";
}
