namespace Coord.SampleHost.Cloud;

/// <summary>A file that a cloud-config wants written.</summary>
/// <param name="Path">Where; below the data directory, whatever it begins with.</param>
/// <param name="Content">What.</param>
/// <param name="Mode">Who may do what with it.</param>
internal sealed record CloudFile(string Path, byte[] Content, UnixFileMode Mode)
{
    private const string Folder = "files";

    /// <summary>Tells whether a path stays below the folder that it is taken relative to.</summary>
    public static bool IsInside(string path) =>
        path.Trim('/').Length > 0 && !path.EndsWith('/') && !path.Contains('\0', StringComparison.Ordinal)
        && path.Split('/').All(part => part is not "..");

    /// <summary>Writes it.</summary>
    public void WriteBelow(string dataDirectory)
    {
        string path = System.IO.Path.Combine(dataDirectory, Folder, Path.TrimStart('/'));
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);

        // What a link of an earlier time points to is not written through: the file takes the link's place.
        string fresh = path + ".new";
        File.Delete(fresh);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = Mode;
        using (FileStream file = new(fresh, options))
            file.Write(Content);
        File.Move(fresh, path, overwrite: true);
    }
}
