namespace SiamIlgpu.Kernels.Generators;

/// <summary>
/// Winograd's minimal filtering F(m,r): m outputs of a correlation with r taps, from n = m + r - 1 multiplications instead
/// of m * r. In one dimension y = A^T [(G g) .* (B^T d)]; in two, with the same matrices, Y = A^T [(G g G^T) .* (B^T d B)] A.
/// </summary>
/// <remarks>
/// <para>Where the matrices come from. Polynomials f of degree below m and g of degree below r have a product of n
/// coefficients, so its values at n points determine it (Toom and Cook):</para>
/// <code>
/// f * g = interpolate( (V_m f) .* (V_r g) ),   V_k[j,i] = p_j^i, the values at p_j; at infinity the leading coefficient
/// </code>
/// <para>With g fixed this is a linear map T(g): f -> f * g, and its transpose takes n inputs d to the m sums
/// y_i = sum over k of g_k d_(i+k): the correlation wanted. Transposing the right side turns the chain around:
/// y = V_m^T [(V_r g) .* (interpolate^T d)]. Interpolation is Lagrange's,</para>
/// <code>
/// f * g = sum over finite j of value_j * L_j(x) / N_j + leading * M(x)
/// L_j = product over finite l other than j of (x - p_l),   N_j = L_j(p_j),   M = product over all finite l of (x - p_l)
/// </code>
/// <para>so row j of B^T is L_j, the last row is M, A^T = V_m^T, and G = V_r with row j divided by N_j: the division costs
/// nothing there, because filters are transformed once and in double.</para>
/// <para>The points are 0, pairs +p and -p, and infinity. Pairs halve the work of both transforms, see <see cref="WinogradTransform"/>.
/// Small numbers with small inverses keep the rounding errors down.</para>
/// </remarks>
public sealed class WinogradMatrices
{
    private static readonly Rational[] AllPairs = [1, 2, new(1, 2)];

    /// <summary>The matrices of F(outputs, taps).</summary>
    /// <exception cref="ArgumentOutOfRangeException">outputs + taps - 1 is none of 4, 6 and 8.</exception>
    public WinogradMatrices(int outputs, int taps)
    {
        int points = outputs + taps - 1;
        if (outputs < 2 || taps < 2 || points % 2 != 0 || points > 2 + 2 * AllPairs.Length)
            throw new ArgumentOutOfRangeException(nameof(outputs), $"F({outputs},{taps}): no points for it");
        Outputs = outputs;
        Taps = taps;
        Points = points;
        Pairs = [.. AllPairs.Take(points / 2 - 1)];
        Rational[] finite = [0, .. Pairs.SelectMany(p => new[] { p, -p })];

        Output = new Rational[outputs, points];
        Filter = new Rational[points, taps];
        Input = new Rational[points, points];
        for (int j = 0; j < finite.Length; j++)
        {
            Rational[] others = [.. finite.Where(p => p != finite[j])];
            Rational norm = others.Aggregate((Rational)1, (product, p) => product * (finite[j] - p));
            for (int i = 0; i < outputs; i++)
                Output[i, j] = Rational.Power(finite[j], i);
            for (int k = 0; k < taps; k++)
                Filter[j, k] = Rational.Power(finite[j], k) / norm;
            SetRow(Input, j, WithRoots(others));
        }
        Output[outputs - 1, points - 1] = 1;
        Filter[points - 1, taps - 1] = 1;
        SetRow(Input, points - 1, WithRoots(finite));
    }

    /// <summary>m, outputs of one application.</summary>
    public int Outputs { get; }

    /// <summary>r, taps of the filter.</summary>
    public int Taps { get; }

    /// <summary>n = m + r - 1, inputs and multiplications of one application.</summary>
    public int Points { get; }

    /// <summary>The positive of each pair of points; the order of points is 0, +p1, -p1, +p2, -p2, ..., infinity.</summary>
    public IReadOnlyList<Rational> Pairs { get; }

    /// <summary>A^T, m x n.</summary>
    public Rational[,] Output { get; }

    /// <summary>G, n x r.</summary>
    public Rational[,] Filter { get; }

    /// <summary>B^T, n x n.</summary>
    public Rational[,] Input { get; }

    /// <summary>Coefficients of the product of (x - root), the constant first.</summary>
    internal static Rational[] WithRoots(params Rational[] roots)
    {
        Rational[] product = [1];
        foreach (Rational root in roots)
        {
            Rational[] factor = product;
            product = new Rational[factor.Length + 1];
            for (int i = 0; i < product.Length; i++)
                product[i] = (i > 0 ? factor[i - 1] : 0) - (i < factor.Length ? root * factor[i] : 0);
        }
        return product;
    }

    private static void SetRow(Rational[,] matrix, int row, Rational[] coefficients)
    {
        for (int i = 0; i < matrix.GetLength(1); i++)
            matrix[row, i] = i < coefficients.Length ? coefficients[i] : 0;
    }
}
